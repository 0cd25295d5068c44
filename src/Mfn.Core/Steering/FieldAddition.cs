using System.Security.Cryptography;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Steering;

/// <summary>
/// A rise of a field in each cell of a rectangle that takes part. In a run of single precision it is rounded, and so is each sum.
/// </summary>
/// <param name="Row">The rectangle's first row.</param>
/// <param name="Column">Its first column.</param>
/// <param name="RowCount">Its rows; at least 1.</param>
/// <param name="ColumnCount">Its columns; at least 1.</param>
/// <param name="Amount">The rise in the unit of the field: of a potential in volts.</param>
public sealed record FieldAddition(int Row, int Column, int RowCount, int ColumnCount, double Amount) : StateChange
{
    /// <summary>The rise of a potential that may be asked for, in volts.</summary>
    public static ParameterRange PotentialRange { get; } = new(-1, 1);

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
        problems.Check(nameof(Row), Row, new(0, spec.RowCount - 1));
        problems.Check(nameof(Column), Column, new(0, spec.ColumnCount - 1));
        problems.Check(nameof(RowCount), RowCount, new(1, Math.Max(1, spec.RowCount - Math.Max(Row, 0))));
        problems.Check(nameof(ColumnCount), ColumnCount, new(1, Math.Max(1, spec.ColumnCount - Math.Max(Column, 0))));
        problems.Check(nameof(Amount), Amount, spec.Pattern is null ? PotentialRange : ParameterRange.Finite);
        return problems;
    }

    internal override SimulationState ApplyTo(SimulationState state, SimulationSpec spec)
    {
        var cells = state.Species[Species].ToArray();
        var mask = spec.Pattern?.Mask ?? [];
        for (var row = Row; row < Row + RowCount; row++)
        {
            for (var i = (row * spec.ColumnCount) + Column; i < (row * spec.ColumnCount) + Column + ColumnCount; i++)
            {
                if (mask.IsEmpty || mask[i])
                {
                    cells[i] = spec.Precision == Precision.Binary64 ? cells[i] + Amount : (float)cells[i] + (float)Amount;
                }
            }
        }

        return state with { Species = state.Species.SetItem(Species, [.. cells]) };
    }

    internal override void AppendTo(IncrementalHash hash)
    {
        hash.Append(2);
        hash.Append(Row);
        hash.Append(Column);
        hash.Append(RowCount);
        hash.Append(ColumnCount);
        hash.Append(Amount);
        AppendSpecies(hash, Species);
    }
}
