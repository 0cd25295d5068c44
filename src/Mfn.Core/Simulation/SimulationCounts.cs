namespace Mfn.Core.Simulation;

/// <summary>What has happened since a run began.</summary>
/// <param name="GrowthEvents">Spikes.</param>
/// <param name="TuringActivations">Cells whose activator exceeded the threshold, added up over the steps.</param>
/// <param name="ClampingEvents">Cells whose potential the clamping changed, added up over the steps.</param>
public readonly record struct SimulationCounts(long GrowthEvents, long TuringActivations, long ClampingEvents);
