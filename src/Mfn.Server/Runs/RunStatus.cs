using System.Collections.Immutable;
using Mfn.Core.Simulation;
using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>A run as it was at some moment.</summary>
internal sealed record RunStatus(
    SimulationSpec Spec,
    RunState State,
    RunPosition Position,
    RunPosition FirstAvailable,
    ImmutableArray<byte> Identity,
    int WatcherCount,
    string Failure,
    double? StepsPerSecond);
