using Mfn.Core.Features;
using Mfn.Core.Spectra;

namespace Mfn.Server.Simulation;

/// <summary>What to find out about the fields of a run.</summary>
/// <param name="Features">How to compute the features of its history, every step of it; none if null.</param>
/// <param name="HasDimension">Whether the box-counting dimension of the field is wanted.</param>
/// <param name="Pattern">How to compute the features of its pattern; none if null.</param>
internal readonly record struct AnalysisPlan(FeatureOptions? Features, bool HasDimension, PatternFeatureOptions? Pattern);
