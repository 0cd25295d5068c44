using Google.Protobuf;
using Mfn.Server.Frames;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Frames of live runs as messages, which share the frames' memory: they must be serialised before the frame is released.</summary>
internal static class FrameWireExtensions
{
    /// <summary>The whole frame.</summary>
    public static Wire.Snapshot ToSnapshot(this SharedFrame frame) => new()
    {
        Field = frame.Field?.ToWire(),
        Facts = frame.Facts.ToWire(),
    };

    /// <summary>The frame for those whose last one was the one that the delta builds on.</summary>
    public static Wire.Delta ToDelta(this SharedFrame frame, FrameDelta delta) => new()
    {
        BaseStep = delta.BaseStep,
        BaseRevision = delta.BaseRevision,
        Field = frame.Field is { } field ? (field with { Bytes = default }).ToWire() : null,
        CompressedDifferences = UnsafeByteOperations.UnsafeWrap(delta.Differences.Bytes),
        Facts = frame.Facts.ToWire(),
    };

    private static Wire.FrameFacts ToWire(this FrameFacts facts) => new()
    {
        Region = facts.IsWhole ? null : facts.Window.ToWire(),
        Downsampling = facts.Window.Downsampling,
        Statistics = facts.IsPotential ? facts.Statistics?.ToWire() : null,
        SpeciesStatistics = facts.IsPotential ? null : facts.Statistics?.ToWire(facts.Species),
        Species = facts.Species,
        Time = facts.Time,
        Features = facts.Features?.ToWire(),
        PatternFeatures = facts.Pattern?.ToWire(),
        GrowthEventCount = facts.GrowthEventCount,
    };

    private static Wire.Region ToWire(this FieldWindow window) => new()
    {
        Row = window.Row,
        Column = window.Column,
        Rows = window.RowCount,
        Columns = window.ColumnCount,
    };
}
