using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Features;
using Mfn.Core.Simulation;
using Mfn.Core.Statistics;
using Mfn.Server.Frames;

namespace Mfn.Server.Tests.Frames;

public sealed class FrameEncoderTests : IDisposable
{
    private static readonly CellEncoding[] Encodings =
        [CellEncoding.Float64, CellEncoding.Float32, CellEncoding.Quantized16, CellEncoding.Quantized8];

    private readonly FieldBufferPool _buffers = new();
    private readonly FrameEncoder _encoder;

    public FrameEncoderTests() => _encoder = new FrameEncoder(_buffers);

    /// <summary>Runs of a few states with gaps between them: the field after each, and by how much step and revision go on.</summary>
    private static readonly Arbitrary<(double[][] Fields, (int Steps, int Changes)[] Advances, FieldWindow Window, int EveryNSteps, int Interval)> AnyRun = (
        from size in Gen.Choose(1, 12)
        from stateCount in Gen.Choose(1, 12)
        from fields in AnyField.Cells(size * size).ArrayOf(stateCount)
        from advances in Gen.Frequency(
            (6, Gen.Constant((1, 0))), (2, Gen.Constant((0, 1))), (1, Gen.Constant((2, 1))), (1, Gen.Constant((5, 0)))).ArrayOf(stateCount)
        from window in AnyField.WindowOf(size)
        from everyNSteps in Gen.Choose(1, 3)
        from interval in Gen.Choose(1, 4)
        select (fields, advances, window, everyNSteps, interval)).ToArbitrary();

    /// <summary>Each test must give back what it has taken.</summary>
    public void Dispose()
    {
        _encoder.Dispose();
        Assert.Equal(0, _buffers.RentedCount);
    }

    [Fact]
    public void Encode_AnyWindow_StaysWithinTheStatedError() => Prop.ForAll(AnyField.Windowed.ToArbitrary(), sample =>
    {
        var (field, size, window) = sample;
        var computed = NaiveFrames.Means(field, size, window.Row, window.Column, window.RowCount, window.ColumnCount, window.Downsampling);
        foreach (var encoding in Encodings)
        {
            using var encoder = new FrameEncoder(_buffers);
            var frame = encoder.Encode(new FrameSource(field, size, 1, 0, 0), Format(encoding, window));
            var encoded = frame.Field!.Value;
            var decoded = Decode(encoded);

            Assert.Equal(encoding == CellEncoding.Float64, encoded.LargestError == 0.0);
            Assert.All(decoded.Zip(computed), pair =>
                Assert.InRange(pair.First - pair.Second, -encoded.LargestError, encoded.LargestError));
            Assert.Equal((window.SquareRowCount, window.SquareColumnCount), (encoded.RowCount, encoded.ColumnCount));
            frame.Release();
        }
    }).Check(AnyField.Replayed);

    [Fact]
    public void Encode_FloatingPointEncodings_AreTheComputedOrNearestBits() => Prop.ForAll(AnyField.Windowed.ToArbitrary(), sample =>
    {
        var (field, size, window) = sample;
        var computed = NaiveFrames.Means(field, size, window.Row, window.Column, window.RowCount, window.ColumnCount, window.Downsampling);
        var source = new FrameSource(field, size, 1, 0, 0);
        using var encoder = new FrameEncoder(_buffers);

        var doubles = encoder.Encode(source, Format(CellEncoding.Float64, window));
        var singles = encoder.Encode(source, Format(CellEncoding.Float32, window));

        Assert.Equal(MemoryMarshal.AsBytes<double>(computed).ToArray(), doubles.Field!.Value.Bytes.ToArray());
        Assert.Equal(MemoryMarshal.AsBytes<float>([.. computed.Select(cell => (float)cell)]).ToArray(), singles.Field!.Value.Bytes.ToArray());
        var unit = MathF.BitIncrement((float)computed.Max(Math.Abs)) - (float)computed.Max(Math.Abs);
        Assert.InRange(singles.Field!.Value.LargestError, unit / 4.0, unit / 2.0);
        doubles.Release();
        singles.Release();
    }).Check(AnyField.Replayed);

    [Fact]
    public void Encode_StatesInTheirOrder_DeltasLeadFromFrameToFrame() => Prop.ForAll(AnyRun, run =>
    {
        foreach (var encoding in Encodings)
        {
            using var encoder = new FrameEncoder(_buffers);
            var format = Format(encoding, run.Window) with { Deltas = DeltaPlan.Of(run.EveryNSteps, run.Interval) };
            var size = (int)Math.Sqrt(run.Fields[0].Length);
            (byte[] Bytes, int Step, long Revision)? last = null;
            var (step, revision) = (0, 0L);
            foreach (var (field, advance) in run.Fields.Zip(run.Advances))
            {
                (step, revision) = (step + advance.Steps, revision + advance.Changes);
                var frame = encoder.Encode(new FrameSource(field, size, step, revision, 0), format);
                var values = frame.Field!.Value.Bytes.ToArray();
                Assert.Equal(SHA256.HashData(values), frame.FieldHash.ToArray());
                if (frame.Delta is { } delta)
                {
                    Assert.Equal((last?.Step, last?.Revision), (delta.BaseStep, delta.BaseRevision));
                    Assert.Equal(values, NaiveFrames.Apply(delta.Differences.Bytes.ToArray(), last!.Value.Bytes, NaiveFrames.Size(encoding)));
                    Assert.Equal(SHA256.HashData(delta.Differences.Bytes.Span), delta.Differences.Hash.ToArray());
                }

                // A multiple of the plan between the frames is a frame that was left out.
                var isFrameLeftOut = last is { } before && Enumerable.Range(before.Step + 1, Math.Max(0, step - before.Step - 1)).Any(s => s % run.EveryNSteps == 0);
                var isKeyFrame = run.Interval == 1 || step % (run.EveryNSteps * run.Interval) == 0;
                Assert.Equal(last is not null && !isKeyFrame && !isFrameLeftOut, frame.Delta is not null);
                last = (values, step, revision);
                frame.Release();
            }
        }
    }).Check(AnyField.Replayed);

    [Theory]
    [InlineData(Precision.Binary64)]
    [InlineData(Precision.Binary32)]
    public void Encode_AnotherEncoderThatBeginsLater_MakesTheSameFrames(Precision precision)
    {
        var spec = new SimulationSpec { GridSize = 33, StepCount = 20, Precision = precision, IsJitterEnabled = true };
        var formats = Encodings.Select(encoding => Format(encoding, new FieldWindow(3, 5, 30, 27, 2)) with { Deltas = new DeltaPlan(1, 8) }).ToArray();

        var all = Hashes(spec, formats, firstStep: 1);
        var late = Hashes(spec, formats, firstStep: 10);

        Assert.Equal(20 * formats.Length, all.Count);

        // The first frame of each format has nothing to build on.
        Assert.Equal(
            all.Where(frame => frame.Step >= 10).Select(frame => frame.Step == 10 ? frame with { Delta = null } : frame),
            late);
    }

    [Fact]
    public void Encode_RunOfSingles_BringsThemAsTheyAre()
    {
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 19, Precision = Precision.Binary32 });
        engine.Advance(3);
        var source = new FrameSource(engine, 0);
        var part = new FieldWindow(2, 3, 9, 11, 1);

        var whole = _encoder.Encode(source, Format(CellEncoding.Float32, FieldWindow.Whole(19)));
        var exactPart = _encoder.Encode(source, Format(CellEncoding.Float32, part));
        var coarse = _encoder.Encode(source, Format(CellEncoding.Float32, part with { Downsampling = 2 }));

        Assert.Equal(MemoryMarshal.AsBytes(engine.PotentialSingles).ToArray(), whole.Field!.Value.Bytes.ToArray());
        Assert.Equal(NaiveFrames.Means(engine.Potential.ToArray(), 19, 2, 3, 9, 11, 1), Decode(exactPart.Field!.Value));
        Assert.Equal((0.0, 0.0), (whole.Field!.Value.LargestError, exactPart.Field!.Value.LargestError));
        Assert.NotEqual(0.0, coarse.Field!.Value.LargestError);
        whole.Release();
        exactPart.Release();
        coarse.Release();
    }

    [Fact]
    public void Encode_EqualFormats_ShareTheFrame_AndFormatsOfOneEncodingItsBytes()
    {
        using var engine = new SimulationEngine(new SimulationSpec { GridSize = 16 });
        engine.Advance(4);
        var source = new FrameSource(engine, 0);
        var plain = Format(CellEncoding.Quantized16, FieldWindow.Whole(16));
        var rich = plain with { HasStatistics = true, Features = new FeatureOptions { ScaleCount = 4 }, Deltas = new DeltaPlan(2, 3) };

        SharedFrame[] frames =
        [
            _encoder.Encode(source, plain),
            _encoder.Encode(source, plain with { Deltas = DeltaPlan.Of(7, 1) }),
            _encoder.Encode(source, rich),
            _encoder.Encode(source, rich with { Features = new FeatureOptions { ScaleCount = 4 } }),
        ];

        Assert.Same(frames[0], frames[1]);
        Assert.Same(frames[2], frames[3]);
        Assert.Equal(1, _buffers.RentedCount);
        Assert.Equal(frames[0].Field!.Value.Bytes, frames[2].Field!.Value.Bytes);
        Assert.Equal((null, null), (frames[0].Facts.Statistics, frames[0].Facts.Features));
        Assert.Equal(FieldStatistics.Of(engine.Potential), frames[2].Facts.Statistics);
        Assert.Equal(FeatureVector.Of(engine.Potential, 16, 16, rich.Features).Values.AsEnumerable(), frames[2].Facts.Features!.Values.AsEnumerable());
        Assert.Equal(engine.Counts.GrowthEvents, frames[2].Facts.GrowthEventCount);
        Array.ForEach(frames, frame => frame.Release());
    }

    [Fact]
    public void Encode_FramesHeldByWatchers_OutliveTheState()
    {
        var format = Format(CellEncoding.Float64, FieldWindow.Whole(2)) with { Deltas = new DeltaPlan(1, 10) };
        var first = _encoder.Encode(new FrameSource([1, 2, 3, 4], 2, 1, 0, 0), format);
        var second = _encoder.Encode(new FrameSource([5, 6, 7, 8], 2, 2, 0, 0), format);
        _encoder.Forget();

        Assert.Equal([1.0, 2.0, 3.0, 4.0], Decode(first.Field!.Value));
        Assert.Equal(first.ByteCount + second.Delta!.Value.Differences.ByteCount, second.ByteCount);
        Assert.Equal(3, _buffers.RentedCount);
        first.Release();
        second.Release();
        Assert.Equal(0, _buffers.RentedCount);
        Assert.Throws<ObjectDisposedException>(() => second.Field);
        Assert.Throws<ObjectDisposedException>(() => second.Delta);
        Assert.Throws<ObjectDisposedException>(() => second.FieldHash);
    }

    [Fact]
    public void Encode_FormatThatNobodyAsksForAnyMore_IsLetGo()
    {
        var abandoned = Format(CellEncoding.Float64, FieldWindow.Whole(2)) with { Deltas = new DeltaPlan(2, 10) };
        var other = Format(CellEncoding.None, FieldWindow.Whole(2));
        _encoder.Encode(new FrameSource([1, 2, 3, 4], 2, 2, 0, 0), abandoned).Release();

        _encoder.Encode(new FrameSource([1, 2, 3, 4], 2, 4, 0, 0), other).Release();
        Assert.Equal(1, _buffers.RentedCount);
        _encoder.Encode(new FrameSource([1, 2, 3, 4], 2, 5, 0, 0), other).Release();
        Assert.Equal(0, _buffers.RentedCount);
    }

    [Fact]
    public void Encode_NoField_HashesNoBytes()
    {
        var frame = _encoder.Encode(new FrameSource([1], 1, 1, 0, 9), Format(CellEncoding.None, FieldWindow.Whole(1)));

        Assert.Null(frame.Field);
        Assert.Null(frame.Delta);
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Convert.ToHexStringLower(frame.FieldHash.Span));
        Assert.Equal((0, 9), (frame.ByteCount, frame.Facts.GrowthEventCount));
        frame.Release();
    }

    private static FrameFormat Format(CellEncoding encoding, FieldWindow window) => new(encoding, window, HasStatistics: false, Features: null, Deltas: null);

    private static double[] Decode(EncodedField field) => NaiveFrames.Volts(field.Bytes.ToArray(), field.Encoding, field.Quantum, field.FirstLevel);

    private List<(int Step, CellEncoding Encoding, string Field, string? Delta)> Hashes(SimulationSpec spec, FrameFormat[] formats, int firstStep)
    {
        var hashes = new List<(int, CellEncoding, string, string?)>();
        using var engine = new SimulationEngine(spec);
        using var encoder = new FrameEncoder(_buffers);
        engine.Advance(firstStep - 1);
        while (engine.Step < spec.StepCount)
        {
            engine.Advance(1);
            foreach (var format in formats)
            {
                var frame = encoder.Encode(new FrameSource(engine, 0), format);
                var delta = frame.Delta is { } found ? Convert.ToHexString(found.Differences.Hash.Span) : null;
                hashes.Add((engine.Step, format.Encoding, Convert.ToHexString(frame.FieldHash.Span), delta));
                frame.Release();
            }
        }

        return hashes;
    }
}
