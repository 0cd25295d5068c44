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

    /// <summary>All species of kinetics in their order, in the model's unit, row-major; made as the spec says if empty.</summary>
    public ImmutableArray<Field> Species { get; init; } = [];

    /// <summary>All that keeps them from being those of a simulation of the given spec; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var problems = new List<SpecProblem>();
        var absence = spec.Pattern is null ? "must not be set for a run without Turing coupling" : "must not be set for a run of kinetics";
        Check(nameof(Potential), Potential, ParameterRange.Finite, spec.Pattern is null);
        Check(nameof(Activator), Activator, ConcentrationRange, spec.Pattern is null && spec.HasSpecies);
        Check(nameof(Inhibitor), Inhibitor, ConcentrationRange, spec.Pattern is null && spec.HasSpecies);
        if (spec.Pattern is null)
        {
            absence = "must not be set for a run without kinetics";
        }

        if (!Species.IsEmpty && spec.Pattern is { } pattern && Species.Length != pattern.Kinetics.SpeciesCount)
        {
            problems.Add(nameof(Species), $"must have a field a species, {pattern.Kinetics.SpeciesCount} in all, but had {Species.Length}");
            return problems;
        }

        for (var i = 0; i < Species.Length; i++)
        {
            Check($"{nameof(Species)}[{i}]", Species[i], ParameterRange.Finite, spec.Pattern is not null);
        }

        return problems;

        void Check(string name, Field? field, ParameterRange range, bool isPresent)
        {
            if (field is null)
            {
                return;
            }

            if (!isPresent)
            {
                problems.Add(name, absence);
                return;
            }

            if (field.RowCount != spec.RowCount || field.ColumnCount != spec.ColumnCount)
            {
                problems.Add(name, $"must be {spec.RowCount} x {spec.ColumnCount}, but was {field.RowCount} x {field.ColumnCount}");
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

    internal SimulationState ApplyTo(SimulationState state, SimulationSpec spec)
    {
        Field?[] given = spec.Pattern is null ? [Potential, Activator, Inhibitor] : [.. Species];
        return given.Length == 0 ? state : state with { Species = [.. state.Species.Select((drawn, i) => Choose(given[i], drawn, spec))] };
    }

    internal void AppendTo(IncrementalHash hash)
    {
        hash.Append(Potential is { } potential ? potential.Cells : []);
        hash.Append(Activator is { } activator ? activator.Cells : []);
        hash.Append(Inhibitor is { } inhibitor ? inhibitor.Cells : []);
        foreach (var field in Species)
        {
            hash.Append(field.Cells);
        }
    }

    private static ImmutableArray<double> Choose(Field? given, ImmutableArray<double> drawn, SimulationSpec spec) =>
        given is null ? drawn : spec.Rounded([.. given.Cells]);
}
