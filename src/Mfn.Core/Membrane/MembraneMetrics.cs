using Mfn.Core.Statistics;

namespace Mfn.Core.Membrane;

/// <summary>What a computation on membrane potentials gave and how it went.</summary>
/// <param name="Potential">Extremes, mean and standard deviation of the resulting potentials in volts.</param>
/// <param name="StepCount">Time steps taken; 0 for an equilibrium.</param>
/// <param name="ClampingEvents">
/// Concentrations raised to the floor, or potentials changed by the clamping, added up over the steps.
/// </param>
public readonly record struct MembraneMetrics(FieldStatistics Potential, int StepCount, long ClampingEvents);
