using System.Collections.Immutable;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Specs;

namespace Mfn.Core.Simulation;

/// <summary>Everything that decides a run: equal specs give equal fields, to the bit. Defaults are the reference's.</summary>
public sealed record SimulationSpec
{
    public const double DefaultActivatorDiffusion = 0.1;
    public const double DefaultInhibitorDiffusion = 0.05;
    public const double DefaultActivatorRate = 0.01;
    public const double DefaultInhibitorRate = 0.02;
    public const double DefaultTuringIncrement = 0.005;

    private static readonly ImmutableArray<string> ReferenceFields = ["potential", "activator", "inhibitor"];
    private static readonly ImmutableArray<string> PotentialAlone = ["potential"];

    /// <summary>The update scheme and the order of the draws.</summary>
    public SimulationVariant Variant { get; init; } = SimulationVariant.Model;

    /// <summary>The type of the cells.</summary>
    public Precision Precision { get; init; } = Precision.Binary64;

    /// <summary>Rows and columns of the square field.</summary>
    public int GridSize { get; init; } = 64;

    /// <summary>Time steps from the initial field to the end.</summary>
    public int StepCount { get; init; } = 64;

    /// <summary>The seed of the run's random numbers.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>
    /// The potential's diffusion coefficient times the time step over the squared cell width (dimensionless). From 0.25 on the explicit
    /// scheme is unstable and only the clamping bounds the field.
    /// </summary>
    public double Alpha { get; init; } = 0.18;

    /// <summary>The probability that a step begins with a growth event.</summary>
    public double SpikeProbability { get; init; } = 0.25;

    /// <summary>Whether activator and inhibitor evolve and feed the potential.</summary>
    public bool IsTuringEnabled { get; init; } = true;

    /// <summary>Cells whose activator exceeds this value (dimensionless) gain potential in the step.</summary>
    public double TuringThreshold { get; init; } = 0.75;

    /// <summary>How much potential in volts such a cell gains; fixed but in the numerics variant.</summary>
    public double TuringIncrement { get; init; } = DefaultTuringIncrement;

    /// <summary>Whether every cell gets Gaussian noise in every step.</summary>
    public bool IsJitterEnabled { get; init; }

    /// <summary>The variance of that noise in V².</summary>
    public double JitterVariance { get; init; } = 0.0005;

    /// <summary>What lies beyond the rim, for the potential and both species; the model variant is always periodic.</summary>
    public Boundary Boundary { get; init; } = Boundary.Periodic;

    /// <summary>The activator's diffusion coefficient, in the units of <see cref="Alpha"/>; fixed in the model variant.</summary>
    public double ActivatorDiffusion { get; init; } = DefaultActivatorDiffusion;

    /// <summary>The inhibitor's diffusion coefficient, in the units of <see cref="Alpha"/>; fixed in the model variant.</summary>
    public double InhibitorDiffusion { get; init; } = DefaultInhibitorDiffusion;

    /// <summary>The activator's reaction rate a step; fixed in the model variant.</summary>
    public double ActivatorRate { get; init; } = DefaultActivatorRate;

    /// <summary>The inhibitor's reaction rate a step; fixed in the model variant.</summary>
    public double InhibitorRate { get; init; } = DefaultInhibitorRate;

    /// <summary>
    /// What is simulated instead of the reference's model: then <see cref="StepCount"/>, <see cref="Seed"/> and <see cref="Precision"/> alone count
    /// beside it, and everything else must have its default. Null for the reference.
    /// </summary>
    public PatternSpec? Pattern { get; init; }

    /// <summary>Rows of the fields.</summary>
    public int RowCount => Pattern?.RowCount ?? GridSize;

    /// <summary>Columns of the fields.</summary>
    public int ColumnCount => Pattern?.ColumnCount ?? GridSize;

    /// <summary>The names of the fields that there are: symbols of species, or "potential", "activator" and "inhibitor" of the reference.</summary>
    public ImmutableArray<string> SpeciesSymbols => Pattern is { } pattern ? pattern.Kinetics.Model.Species : HasSpecies ? ReferenceFields : PotentialAlone;

    /// <summary>The simulated time after a step, in the model's unit; the step where the reference is simulated, which has no unit of time.</summary>
    public double TimeAt(long step) => Pattern is { } pattern ? step * pattern.TimeStep : step;

    /// <summary>Cells of a field.</summary>
    public int CellCount => checked(RowCount * ColumnCount);

    /// <summary>Whether a field is a membrane potential in volts.</summary>
    public bool IsPotential(int species) => Pattern is null && species == 0;

    /// <summary>Whether a run has an activator and an inhibitor: the model has none without Turing coupling.</summary>
    public bool HasSpecies => Variant != SimulationVariant.Model || IsTuringEnabled;

    /// <summary>All that keeps this spec from running, by what the reference accepts; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems() =>
        Enum.IsDefined(Variant)
            ? FindProblems(SimulationRanges.Of(Variant))
            : [new SpecProblem(nameof(Variant), $"must be a known variant, but was {(int)Variant}")];

    /// <summary>All that keeps this spec within narrower ranges from running; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems(SimulationRanges ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);

        var problems = new List<SpecProblem>();
        if (Pattern is { } pattern)
        {
            problems.AddRange(pattern.FindProblems());
            if (this with { Pattern = null, StepCount = 0, Seed = 0, Precision = 0 } != new SimulationSpec { StepCount = 0, Seed = 0, Precision = 0 })
            {
                problems.Add(nameof(Pattern), "must not be set beside anything but step count, seed and precision");
            }
        }

        problems.Check(nameof(GridSize), GridSize, ranges.GridSize);
        problems.Check(nameof(StepCount), StepCount, ranges.StepCount);
        problems.Check(nameof(Alpha), Alpha, ranges.Alpha);
        problems.Check(nameof(SpikeProbability), SpikeProbability, ranges.SpikeProbability);
        problems.Check(nameof(TuringThreshold), TuringThreshold, ranges.TuringThreshold);
        problems.Check(nameof(TuringIncrement), TuringIncrement, ranges.TuringIncrement);
        problems.Check(nameof(JitterVariance), JitterVariance, ranges.JitterVariance);
        problems.Check(nameof(ActivatorDiffusion), ActivatorDiffusion, ranges.ActivatorDiffusion);
        problems.Check(nameof(InhibitorDiffusion), InhibitorDiffusion, ranges.InhibitorDiffusion);
        problems.Check(nameof(ActivatorRate), ActivatorRate, ranges.ActivatorRate);
        problems.Check(nameof(InhibitorRate), InhibitorRate, ranges.InhibitorRate);
        if (!Enum.IsDefined(Precision))
        {
            problems.Add(nameof(Precision), $"must be a known precision, but was {(int)Precision}");
        }

        if (Variant == SimulationVariant.Model ? Boundary != Boundary.Periodic : !Enum.IsDefined(Boundary))
        {
            var allowed = Variant == SimulationVariant.Model ? nameof(Boundary.Periodic) : "a known boundary";
            problems.Add(nameof(Boundary), $"must be {allowed}, but was {Boundary}");
        }

        return problems;
    }
}
