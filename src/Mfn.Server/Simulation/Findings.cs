using Mfn.Core.Features;
using Mfn.Core.Fractals;
using Mfn.Core.Spectra;

namespace Mfn.Server.Simulation;

/// <summary>What the analysis of a run has found so far.</summary>
/// <param name="Features">Of the history; none if they were not asked for.</param>
/// <param name="Dimension">Of the field; none if it was not asked for.</param>
/// <param name="Pattern">Of the field; none if they were not asked for.</param>
internal readonly record struct Findings(FeatureVector? Features, BoxCountingDimension? Dimension, PatternFeatures? Pattern);
