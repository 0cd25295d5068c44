using System.Collections.Immutable;
using Mfn.Core.Simulation;
using Mfn.Server.Frames;

namespace Mfn.Server.Simulation;

/// <summary>What came out of a run that went to its end.</summary>
/// <param name="Spec">What ran.</param>
/// <param name="Counts">What happened over all steps.</param>
/// <param name="Facts">Time and statistics at the end.</param>
/// <param name="MeanActivator">Of the final activator; none if the run has no activator.</param>
/// <param name="MeanInhibitor">Of the final inhibitor; none if the run has no inhibitor.</param>
/// <param name="Findings">What the analysis found, if it was asked for.</param>
/// <param name="Fields">The final fields, if they were asked for.</param>
internal sealed record SimulationResult(
    SimulationSpec Spec,
    SimulationCounts Counts,
    SimulationSummaryFacts Facts,
    double? MeanActivator,
    double? MeanInhibitor,
    Findings Findings,
    ImmutableArray<EncodedField> Fields);
