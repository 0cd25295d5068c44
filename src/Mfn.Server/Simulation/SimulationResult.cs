using Mfn.Core.Simulation;
using Mfn.Core.Statistics;
using Mfn.Server.Frames;

namespace Mfn.Server.Simulation;

/// <summary>What came out of a run that went to its end.</summary>
/// <param name="Spec">What ran.</param>
/// <param name="Counts">What happened over all steps.</param>
/// <param name="Statistics">Of the final potential, in volts.</param>
/// <param name="MeanActivator">Of the final activator; none if the run has no activator.</param>
/// <param name="MeanInhibitor">Of the final inhibitor; none if the run has no inhibitor.</param>
/// <param name="Findings">What the analysis found, if it was asked for.</param>
/// <param name="Field">The final potential, if it was asked for.</param>
internal sealed record SimulationResult(
    SimulationSpec Spec,
    SimulationCounts Counts,
    FieldStatistics Statistics,
    double? MeanActivator,
    double? MeanInhibitor,
    Findings Findings,
    EncodedField? Field);
