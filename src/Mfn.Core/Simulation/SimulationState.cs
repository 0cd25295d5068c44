using System.Collections.Immutable;
using Mfn.Core.Randomness;

namespace Mfn.Core.Simulation;

/// <summary>All that changes in a run, between two steps: with the spec it decides everything that follows.</summary>
public sealed record SimulationState
{
    /// <summary>Steps completed.</summary>
    public required int Step { get; init; }

    /// <summary>The membrane potential in volts, row-major.</summary>
    public required ImmutableArray<double> Potential { get; init; }

    /// <summary>The activator in [0, 1], row-major; empty in a model run without Turing coupling.</summary>
    public required ImmutableArray<double> Activator { get; init; }

    /// <summary>The inhibitor in [0, 1], row-major; empty in a model run without Turing coupling.</summary>
    public required ImmutableArray<double> Inhibitor { get; init; }

    /// <summary>The random generator before its next draw.</summary>
    public required Pcg64State Generator { get; init; }

    /// <summary>What has happened so far.</summary>
    public required SimulationCounts Counts { get; init; }
}
