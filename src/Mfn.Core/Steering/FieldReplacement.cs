using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Steering;

/// <summary>Other values of a field in every cell. In a run of single precision each is rounded.</summary>
/// <param name="Cells">In the unit of the field, of a potential in volts; row-major, finite, and as many as the run has cells.</param>
public sealed record FieldReplacement(ImmutableArray<double> Cells) : StateChange
{
    /// <summary>Which field: its place in <see cref="SimulationSpec.SpeciesSymbols"/>; of the reference only the potential.</summary>
    public int Species { get; init; }

    /// <inheritdoc/>
    public override bool EditsFields => true;

    /// <inheritdoc/>
    public override IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var problems = new List<SpecProblem>();
        problems.Check(nameof(Species), Species, new(0, spec.Pattern is null ? 0 : spec.SpeciesSymbols.Length - 1));
        if (Cells.IsDefault || Cells.Length != spec.CellCount)
        {
            problems.Add(nameof(Cells), $"must have {spec.CellCount} cells, but has {(Cells.IsDefault ? 0 : Cells.Length)}");
        }
        else if (NonFiniteCells.In(Cells.AsSpan()) is { IsNone: false } found)
        {
            problems.Add(nameof(Cells), $"must be finite, but has {found}");
        }

        return problems;
    }

    /// <summary>Whether both replace by the same bits.</summary>
    public bool Equals(FieldReplacement? other) =>
        other is not null && Species == other.Species && MemoryMarshal.AsBytes(Cells.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(other.Cells.AsSpan()));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Species, Cells.Length);

    internal override SimulationState ApplyTo(SimulationState state, SimulationSpec spec) =>
        state with { Species = state.Species.SetItem(Species, spec.Rounded(Cells)) };

    internal override void AppendTo(IncrementalHash hash)
    {
        hash.Append(3);
        hash.Append(Cells.AsSpan());
        AppendSpecies(hash, Species);
    }
}
