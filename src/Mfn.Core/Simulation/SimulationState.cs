using System.Collections.Immutable;
using Mfn.Core.Randomness;

namespace Mfn.Core.Simulation;

/// <summary>All that changes in a run, between two steps: with the spec it decides everything that follows.</summary>
public sealed record SimulationState
{
    /// <summary>Steps completed.</summary>
    public required int Step { get; init; }

    /// <summary>
    /// The fields, row-major, in the order of <see cref="SimulationSpec.SpeciesSymbols"/>: of the reference the potential in volts, then activator and
    /// inhibitor in [0, 1] if it has them; of kinetics its species.
    /// </summary>
    public required ImmutableArray<ImmutableArray<double>> Species { get; init; }

    /// <summary>The first of them: of the reference the potential.</summary>
    public ImmutableArray<double> Potential { get => FieldOf(0); init => Species = With(0, value); }

    /// <summary>The second of them, of the reference the activator; empty if there is none.</summary>
    public ImmutableArray<double> Activator { get => FieldOf(1); init => Species = With(1, value); }

    /// <summary>The third of them, of the reference the inhibitor; empty if there is none.</summary>
    public ImmutableArray<double> Inhibitor { get => FieldOf(2); init => Species = With(2, value); }

    /// <summary>The random generator before its next draw.</summary>
    public required Pcg64State Generator { get; init; }

    /// <summary>What has happened so far.</summary>
    public required SimulationCounts Counts { get; init; }

    // A field that is not there can only be left out.
    private ImmutableArray<ImmutableArray<double>> With(int species, ImmutableArray<double> cells) =>
        cells.IsEmpty && species >= Species.Length ? Species : Species.SetItem(species, cells);

    private ImmutableArray<double> FieldOf(int species) => species < Species.Length ? Species[species] : [];
}
