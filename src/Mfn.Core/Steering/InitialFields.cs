using System.Collections.Immutable;
using System.Security.Cryptography;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;

namespace Mfn.Core.Steering;

/// <summary>
/// Fields of step 0 that are the caller's; the others are drawn as without them, since all draws are made first. In a run of single precision
/// each cell is rounded.
/// </summary>
public sealed record InitialFields
{
    /// <summary>What the activator and the inhibitor may be.</summary>
    public static ParameterRange ConcentrationRange { get; } = new(0, 1);

    /// <summary>All fields are drawn.</summary>
    public static InitialFields Drawn { get; } = new();

    /// <summary>In volts, row-major; drawn if null.</summary>
    public Field? Potential { get; init; }

    /// <summary>In [0, 1], row-major; drawn if null. Only for a simulation with an activator.</summary>
    public Field? Activator { get; init; }

    /// <summary>In [0, 1], row-major; drawn if null. Only for a simulation with an inhibitor.</summary>
    public Field? Inhibitor { get; init; }

    /// <summary>All that keeps them from being those of a simulation of the given spec; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var problems = new List<SpecProblem>();
        Check(nameof(Potential), Potential, ParameterRange.Finite, isPresent: true);
        Check(nameof(Activator), Activator, ConcentrationRange, spec.HasSpecies);
        Check(nameof(Inhibitor), Inhibitor, ConcentrationRange, spec.HasSpecies);
        return problems;

        void Check(string name, Field? field, ParameterRange range, bool isPresent)
        {
            if (field is null)
            {
                return;
            }

            if (!isPresent)
            {
                problems.Add(name, "must not be set for a run without Turing coupling");
                return;
            }

            if (field.RowCount != spec.GridSize || field.ColumnCount != spec.GridSize)
            {
                problems.Add(name, $"must be {spec.GridSize} x {spec.GridSize}, but was {field.RowCount} x {field.ColumnCount}");
                return;
            }

            for (var i = 0; i < field.Cells.Length; i++)
            {
                if (!range.Contains(field.Cells[i]))
                {
                    problems.Add(
                        name,
                        $"must be {range}, but the cell in row {i / field.ColumnCount}, column {i % field.ColumnCount} was {ParameterRange.Format(field.Cells[i])}");
                    return;
                }
            }
        }
    }

    internal SimulationState ApplyTo(SimulationState state, SimulationSpec spec) => state with
    {
        Potential = Choose(Potential, state.Potential, spec),
        Activator = Choose(Activator, state.Activator, spec),
        Inhibitor = Choose(Inhibitor, state.Inhibitor, spec),
    };

    internal void AppendTo(IncrementalHash hash)
    {
        hash.Append(Potential is { } potential ? potential.Cells : []);
        hash.Append(Activator is { } activator ? activator.Cells : []);
        hash.Append(Inhibitor is { } inhibitor ? inhibitor.Cells : []);
    }

    private static ImmutableArray<double> Choose(Field? given, ImmutableArray<double> drawn, SimulationSpec spec) =>
        given is null ? drawn : spec.Rounded([.. given.Cells]);
}
