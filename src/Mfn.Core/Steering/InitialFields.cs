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

    /// <summary>Which fields a simulation of the given spec cannot be given, whatever is in them; empty if it can be given all.</summary>
    /// <param name="spec">What is simulated.</param>
    /// <param name="hasPotential">Whether there is a potential.</param>
    /// <param name="hasActivator">Whether there is an activator.</param>
    /// <param name="hasInhibitor">Whether there is an inhibitor.</param>
    /// <param name="speciesCount">How many species of kinetics there are.</param>
    public static IReadOnlyList<SpecProblem> FindMisplaced(SimulationSpec spec, bool hasPotential, bool hasActivator, bool hasInhibitor, int speciesCount)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var problems = new List<SpecProblem>();
        if (spec.Pattern is not { } pattern)
        {
            Refuse(nameof(Activator), hasActivator && !spec.HasSpecies, "without Turing coupling");
            Refuse(nameof(Inhibitor), hasInhibitor && !spec.HasSpecies, "without Turing coupling");
            Refuse(nameof(Species), speciesCount > 0, "without kinetics");
            return problems;
        }

        Refuse(nameof(Potential), hasPotential, "of kinetics");
        Refuse(nameof(Activator), hasActivator, "of kinetics");
        Refuse(nameof(Inhibitor), hasInhibitor, "of kinetics");
        if (speciesCount > 0 && speciesCount != pattern.Kinetics.SpeciesCount)
        {
            problems.Add(nameof(Species), $"must have a field a species, {pattern.Kinetics.SpeciesCount} in all, but had {speciesCount}");
        }

        return problems;

        void Refuse(string name, bool isMisplaced, string run)
        {
            if (isMisplaced)
            {
                problems.Add(name, $"must not be set for a run {run}");
            }
        }
    }

    /// <summary>All that keeps them from being those of a simulation of the given spec; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems(SimulationSpec spec)
    {
        var misplaced = FindMisplaced(spec, Potential is not null, Activator is not null, Inhibitor is not null, Species.Length);
        var problems = new List<SpecProblem>();
        Check(nameof(Potential), Potential, ParameterRange.Finite);
        Check(nameof(Activator), Activator, ConcentrationRange);
        Check(nameof(Inhibitor), Inhibitor, ConcentrationRange);
        for (var i = 0; i < Species.Length; i++)
        {
            Check(nameof(Species), Species[i], ParameterRange.Finite, $"[{i}]");
        }

        problems.AddRange(misplaced);
        return problems;

        void Check(string kind, Field? field, ParameterRange range, string place = "")
        {
            if (field is null || misplaced.Any(problem => problem.Parameter == kind))
            {
                return;
            }

            var name = $"{kind}{place}";
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
