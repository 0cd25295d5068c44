using Mfn.Core.Features;
using Mfn.Core.Spectra;

namespace Mfn.Server.Frames;

/// <summary>What a watcher wants to see in a frame. Watchers whose formats are equal share frames.</summary>
/// <param name="Encoding">How the field is encoded, if it is wanted.</param>
/// <param name="Window">Which part of it.</param>
/// <param name="HasStatistics">Whether the statistics of the whole field are wanted.</param>
/// <param name="Features">How to compute the features of the whole field as a history of one frame; none if null.</param>
/// <param name="Deltas">Which frames have deltas; none if null.</param>
internal sealed record FrameFormat(CellEncoding Encoding, FieldWindow Window, bool HasStatistics, FeatureOptions? Features, DeltaPlan? Deltas)
{
    /// <summary>How to compute the features of the species' pattern; none if null.</summary>
    public PatternFeatureOptions? Pattern { get; init; }
}
