using System.Security.Cryptography;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Steering;

/// <summary>A rise of the potential in each cell of a rectangle. In a run of single precision it is rounded, and so is each sum.</summary>
/// <param name="Row">The rectangle's first row.</param>
/// <param name="Column">Its first column.</param>
/// <param name="RowCount">Its rows; at least 1.</param>
/// <param name="ColumnCount">Its columns; at least 1.</param>
/// <param name="Volts">The rise; finite.</param>
public sealed record PotentialAddition(int Row, int Column, int RowCount, int ColumnCount, double Volts) : StateChange
{
    /// <summary>The rise that may be asked for, in volts.</summary>
    public static ParameterRange Range { get; } = new(-1, 1);

    /// <inheritdoc/>
    public override bool EditsPotential => true;

    /// <inheritdoc/>
    public override IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var problems = new List<SpecProblem>();
        problems.Check(nameof(Row), Row, new(0, spec.GridSize - 1));
        problems.Check(nameof(Column), Column, new(0, spec.GridSize - 1));
        problems.Check(nameof(RowCount), RowCount, new(1, Math.Max(1, spec.GridSize - Math.Max(Row, 0))));
        problems.Check(nameof(ColumnCount), ColumnCount, new(1, Math.Max(1, spec.GridSize - Math.Max(Column, 0))));
        problems.Check(nameof(Volts), Volts, Range);
        return problems;
    }

    internal override SimulationState ApplyTo(SimulationState state, SimulationSpec spec)
    {
        var potential = state.Potential.ToArray();
        for (var row = Row; row < Row + RowCount; row++)
        {
            foreach (ref var cell in potential.AsSpan((row * spec.GridSize) + Column, ColumnCount))
            {
                cell = spec.Precision == Precision.Binary64 ? cell + Volts : (float)cell + (float)Volts;
            }
        }

        return state with { Potential = [.. potential] };
    }

    internal override void AppendTo(IncrementalHash hash)
    {
        hash.Append(2);
        hash.Append(Row);
        hash.Append(Column);
        hash.Append(RowCount);
        hash.Append(ColumnCount);
        hash.Append(Volts);
    }
}
