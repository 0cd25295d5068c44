using Mfn.Core.Features;
using Mfn.Core.Spectra;
using Mfn.Core.Statistics;

namespace Mfn.Server.Frames;

/// <summary>What a frame tells beside the field.</summary>
/// <param name="Window">The part of the field that was asked for.</param>
/// <param name="IsWhole">Whether that is all of it.</param>
/// <param name="Statistics">Of the whole field in its unit, if they were asked for.</param>
/// <param name="Features">Of the whole field, if they were asked for.</param>
/// <param name="GrowthEventCount">Growth events since step 0.</param>
internal sealed record FrameFacts(FieldWindow Window, bool IsWhole, FieldStatistics? Statistics, FeatureVector? Features, long GrowthEventCount)
{
    /// <summary>The name of the field.</summary>
    public string Species { get; init; } = "potential";

    /// <summary>Whether it is a potential in volts, and not a species in its unit.</summary>
    public bool IsPotential { get; init; } = true;

    /// <summary>Of the pattern, if they were asked for.</summary>
    public PatternFeatures? Pattern { get; init; }

    /// <summary>The simulated time.</summary>
    public double Time { get; init; }
}
