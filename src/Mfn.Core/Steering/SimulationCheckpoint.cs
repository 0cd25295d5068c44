using System.Collections.Immutable;
using Mfn.Core.Simulation;

namespace Mfn.Core.Steering;

/// <summary>All that decides how a steered simulation goes on, between two steps.</summary>
/// <param name="Spec">As it is by then.</param>
/// <param name="State">As it is by then.</param>
/// <param name="Revision">The changes applied so far.</param>
/// <param name="Identity">See <see cref="SteeredSimulation.Identity"/>; 32 bytes.</param>
public sealed record SimulationCheckpoint(SimulationSpec Spec, SimulationState State, long Revision, ImmutableArray<byte> Identity);
