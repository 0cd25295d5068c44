using System.Collections.Immutable;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;

namespace Mfn.Core.Gallery;

/// <summary>A simulation that is known for its pattern. It is named by its numbers, for sources do not agree on Greek letters and nicknames.</summary>
public sealed record Preset
{
    /// <summary>Model and parameters: "gray-scott-F0.037-k0.060".</summary>
    public required string Name { get; init; }

    /// <summary>What is seen, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Where parameters come from.</summary>
    public required string Source { get; init; }

    /// <summary>The simulation, with its seed and its number of steps.</summary>
    public required SimulationSpec Spec { get; init; }

    /// <summary>The index of the species to look at.</summary>
    public required int Species { get; init; }

    /// <summary>What it must show at the end.</summary>
    public required ImmutableArray<PresetExpectation> Expectations { get; init; }

    /// <summary>Its plane and kinetics.</summary>
    public PatternSpec Pattern => Spec.Pattern ?? throw new InvalidOperationException($"The preset {Name} has no pattern.");
}
