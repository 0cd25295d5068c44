using System.Collections.Immutable;
using Mfn.Core.Simulation;

namespace Mfn.Server.LiveRuns;

/// <summary>A run as it was at some moment.</summary>
internal sealed record LiveRunStatus(
    SimulationSpec Spec,
    LiveRunState State,
    RunPosition Position,
    RunPosition FirstAvailable,
    ImmutableArray<byte> Identity,
    int WatcherCount,
    string Failure,
    double? StepsPerSecond);
