using Mfn.Core.Features;
using Mfn.Core.Simulation;
using Mfn.Server.Calls;
using Mfn.Server.Frames;
using Mfn.Server.Translation;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Frames;

public sealed class FrameMessageTests
{
    private readonly FieldBufferPool _buffers = new();

    [Theory]
    [InlineData(Wire.FieldEncoding.Float64)]
    [InlineData(Wire.FieldEncoding.Float32)]
    [InlineData(Wire.FieldEncoding.Quantized16)]
    [InlineData(Wire.FieldEncoding.Quantized8)]
    public void ToSnapshotAndToDelta_FramesOfARun_TellTheSameField(Wire.FieldEncoding wire)
    {
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 12 });
        using var encoder = new FrameEncoder(_buffers);
        var encoding = wire.ToEncoding(new RequestProblems(), allowsQuantized: true);
        var format = DeltasWithAllFacts(encoding);
        engine.Advance(4);
        var first = encoder.Encode(new FrameSource(engine, 6), format);
        engine.Advance(1);
        var second = encoder.Encode(new FrameSource(engine, 7), format);

        var snapshot = second.ToSnapshot();
        var delta = second.ToDelta(second.Delta!.Value);

        Assert.Equal((wire, 3, 2), (snapshot.Field.Encoding, snapshot.Field.Rows, snapshot.Field.Columns));
        Assert.Equal(
            (second.Field!.Value.Quantum, second.Field!.Value.FirstLevel, second.Field!.Value.LargestError),
            (snapshot.Field.QuantumVolts, snapshot.Field.FirstLevel, snapshot.Field.LargestErrorVolts));
        Assert.Equal(new Wire.Region { Row = 1, Column = 2, Rows = 9, Columns = 8 }, snapshot.Facts.Region);
        Assert.Equal((4, engine.Counts.GrowthEvents), (snapshot.Facts.Downsampling, snapshot.Facts.GrowthEventCount));
        Assert.Equal(engine.PotentialStatistics.Mean * 1000.0, snapshot.Facts.Statistics.MeanPotentialMillivolts);
        Assert.Equal(FeatureDefinition.Count, snapshot.Facts.Features.Values.Count);

        Assert.Equal((4, 6), (delta.BaseStep, delta.BaseRevision));
        Assert.Equal(snapshot.Facts, delta.Facts);
        Assert.Equal(
            snapshot.Field.Values.ToByteArray(),
            NaiveFrames.Apply(delta.CompressedDifferences.ToByteArray(), first.ToSnapshot().Field.Values.ToByteArray(), NaiveFrames.Size(encoding)));
        Assert.Equal(WithoutValues(snapshot.Field), delta.Field);
        first.Release();
        second.Release();
    }

    [Fact]
    public void ToSnapshot_WholeField_HasNoRegion()
    {
        using var encoder = new FrameEncoder(_buffers);
        var format = new FrameFormat(CellEncoding.None, FieldWindow.Whole(2, downsampling: 2), HasStatistics: false, Features: null, Deltas: null);
        var frame = encoder.Encode(new FrameSource([1, 2, 3, 4], 2, 5, 0, 0), format);

        Assert.Equal(new Wire.Snapshot { Facts = new Wire.FrameFacts { Downsampling = 2, Species = "potential", Time = 5 } }, frame.ToSnapshot());
        frame.Release();
    }

    [Fact]
    public void ToEncoding_Unknown_SaysWhatAWatchedRunHas()
    {
        var problems = new RequestProblems();

        ((Wire.FieldEncoding)77).ToEncoding(problems, allowsQuantized: true);

        Assert.Equal(
            "field_encoding must be FIELD_ENCODING_FLOAT64, FIELD_ENCODING_FLOAT32, FIELD_ENCODING_QUANTIZED16, FIELD_ENCODING_QUANTIZED8 or unset, but was 77.",
            problems.ToException().Message);
    }

    private static FrameFormat DeltasWithAllFacts(CellEncoding encoding) =>
        new(encoding, new FieldWindow(1, 2, 9, 8, 4), HasStatistics: true, FeatureOptions.Default, new DeltaPlan(1, 100));

    private static Wire.Field WithoutValues(Wire.Field field)
    {
        var copy = field.Clone();
        copy.Values = Google.Protobuf.ByteString.Empty;
        return copy;
    }
}
