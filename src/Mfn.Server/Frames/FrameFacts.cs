using Mfn.Core.Features;
using Mfn.Core.Statistics;

namespace Mfn.Server.Frames;

/// <summary>What a frame tells beside the field.</summary>
/// <param name="Window">The part of the field that was asked for.</param>
/// <param name="IsWhole">Whether that is all of it.</param>
/// <param name="Statistics">Of the whole field in volts, if they were asked for.</param>
/// <param name="Features">Of the whole field, if they were asked for.</param>
/// <param name="GrowthEventCount">Growth events since step 0.</param>
internal sealed record FrameFacts(FieldWindow Window, bool IsWhole, FieldStatistics? Statistics, FeatureVector? Features, long GrowthEventCount);
