using System.Collections.Immutable;
using Mfn.Core.Fields;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>A kinetic model on a rectangle of cells: with seed, precision and number of steps all that decides a simulation of it.</summary>
public sealed record PatternSpec
{
    private static readonly ParameterRange ExtentRange = new(1, 32_768);
    private static readonly ParameterRange AboveZero = new(double.Epsilon, double.MaxValue);
    private static readonly ParameterRange NotNegative = new(0, double.MaxValue);

    /// <summary>The equations and their parameters.</summary>
    public required KineticsSpec Kinetics { get; init; }

    /// <summary>Rows of cells.</summary>
    public int RowCount { get; init; } = 128;

    /// <summary>Columns of cells.</summary>
    public int ColumnCount { get; init; } = 128;

    /// <summary>Distance of two neighbouring cells' centres, in the model's unit of length.</summary>
    public required double CellWidth { get; init; }

    /// <summary>What a step adds to the time, in the model's unit of time.</summary>
    public required double TimeStep { get; init; }

    /// <summary>What lies beyond the rim, one a species.</summary>
    public required ImmutableArray<SpeciesBoundary> Boundaries { get; init; }

    /// <summary>The discrete Laplacian.</summary>
    public LaplacianStencil Laplacian { get; init; }

    /// <summary>How a time step is taken.</summary>
    public Integrator Integrator { get; init; }

    /// <summary>Allows a time step above the largest stable one.</summary>
    public bool IsUnstableAllowed { get; init; }

    /// <summary>Strength of white noise that is added to a species, a value a species; empty for none. A step adds it times √(time step) times a standard normal.</summary>
    public ImmutableArray<double> AdditiveNoise { get; init; } = [];

    /// <summary>The same for noise that is proportional to the concentration (Itô).</summary>
    public ImmutableArray<double> MultiplicativeNoise { get; init; } = [];

    /// <summary>Cells that take part, row-major; those that are false keep their state and nothing flows to or from them. Empty for all.</summary>
    public ImmutableArray<bool> Mask { get; init; } = [];

    /// <summary>The state of step 0.</summary>
    public required InitialPattern Initial { get; init; }

    /// <summary>Which potentials concentrations stand for where thresholds are in mV, one a species; it changes no field. Empty for <see cref="MillivoltScale.Default"/>.</summary>
    public ImmutableArray<MillivoltScale> MillivoltScales { get; init; } = [];

    /// <summary>Cells of a field.</summary>
    public int CellCount => checked(RowCount * ColumnCount);

    /// <summary>
    /// The largest time step with which no mode of space grows that should decay, whatever the reaction does: 2 over the fastest decay that space
    /// makes of any mode of the cells. Infinite where the integrator has no such bound.
    /// </summary>
    public double LargestStableTimeStep
    {
        get
        {
            if (Integrator == Integrator.Adi)
            {
                return double.PositiveInfinity;
            }

            // A decay is largest at one end of the discrete wavenumbers, for all that the models have.
            var largest = (Laplacian == LaplacianStencil.NinePoint ? 16.0 / 3 : 8.0) / (CellWidth * CellWidth);
            var decay = 0.0;
            for (var species = 0; species < Kinetics.SpeciesCount; species++)
            {
                foreach (var q in (ReadOnlySpan<double>)[0, largest])
                {
                    decay = Math.Max(decay, -Kinetics.Model.SpatialGrowth(Kinetics.Values.AsSpan(), species, q));
                }
            }

            return decay > 0 ? 2 / decay : double.PositiveInfinity;
        }
    }

    /// <summary>The model's time step, or 0.9 of the largest stable one where that is less.</summary>
    public double DefaultTimeStep => Math.Min(Kinetics.Model.DefaultTimeStep, 0.9 * LargestStableTimeStep);

    /// <summary>What there is by default of some kinetics.</summary>
    public static PatternSpec Of(KineticsSpec kinetics)
    {
        ArgumentNullException.ThrowIfNull(kinetics);
        var model = kinetics.Model;
        var pattern = new PatternSpec
        {
            Kinetics = kinetics,
            CellWidth = model.DefaultCellWidth,
            TimeStep = model.DefaultTimeStep,
            Boundaries = [.. model.Species.Select(_ => new SpeciesBoundary(Boundary.Periodic))],
            Initial = model.DefaultInitial,
        };
        return pattern with { TimeStep = pattern.DefaultTimeStep };
    }

    /// <summary>Which potential a species stands for.</summary>
    public MillivoltScale ScaleOf(int species) => MillivoltScales.IsEmpty ? MillivoltScale.Default : MillivoltScales[species];

    /// <summary>All that keeps it from being simulated, by the names of the properties and of the kinetics' parameters; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>(Kinetics.FindProblems());
        problems.Check(nameof(RowCount), RowCount, ExtentRange);
        problems.Check(nameof(ColumnCount), ColumnCount, ExtentRange);
        problems.Check(nameof(CellWidth), CellWidth, AboveZero);
        problems.Check(nameof(TimeStep), TimeStep, AboveZero);
        var areBoundariesFine = CheckLength(nameof(Boundaries), Boundaries.IsDefault ? 0 : Boundaries.Length, Kinetics.SpeciesCount);
        if (areBoundariesFine && Boundaries.Any(boundary => !Enum.IsDefined(boundary.Kind) || !double.IsFinite(boundary.Value)))
        {
            problems.Add(nameof(Boundaries), "must be known, with finite values");
        }

        if (areBoundariesFine && Boundaries.Select(boundary => boundary.Kind == Boundary.Periodic).Distinct().Count() > 1)
        {
            problems.Add(nameof(Boundaries), "must be periodic for all species or for none");
        }

        CheckNumbers(nameof(AdditiveNoise), AdditiveNoise, NotNegative);
        CheckNumbers(nameof(MultiplicativeNoise), MultiplicativeNoise, NotNegative);
        if (!Mask.IsDefaultOrEmpty)
        {
            CheckLength(nameof(Mask), Mask.Length, (long)RowCount * ColumnCount);
        }

        if (!Enum.IsDefined(Laplacian))
        {
            problems.Add(nameof(Laplacian), $"must be a known stencil, but was {(int)Laplacian}");
        }

        if (!Enum.IsDefined(Integrator))
        {
            problems.Add(nameof(Integrator), $"must be a known integrator, but was {(int)Integrator}");
        }

        if (Integrator == Integrator.Adi)
        {
            CheckSeparable(problems);
        }

        Initial.AddProblems(problems, this);
        if (problems.Count == 0 && !IsUnstableAllowed && TimeStep > LargestStableTimeStep)
        {
            problems.Add(
                nameof(TimeStep),
                $"must be at most {ParameterRange.Format(LargestStableTimeStep)}, the largest stable one of these cells and diffusion coefficients, but was {ParameterRange.Format(TimeStep)}");
        }

        return problems;

        bool CheckLength(string name, int length, long expected)
        {
            if (length == expected)
            {
                return true;
            }

            problems.Add(name, $"must have {expected} values, but has {length}");
            return false;
        }

        void CheckSeparable(List<SpecProblem> problems)
        {
            if (Laplacian == LaplacianStencil.NinePoint)
            {
                problems.Add(nameof(Laplacian), "must have five points with alternating directions, which take one direction after the other");
            }

            if (!Mask.IsDefaultOrEmpty)
            {
                problems.Add(nameof(Mask), "must not be set with alternating directions, whose lines of cells go from rim to rim");
            }

            if (Kinetics.Model is SwiftHohenberg)
            {
                problems.Add(nameof(Integrator), "must be explicit for Swift and Hohenberg's equation, whose operator of space has no directions");
            }
        }

        void CheckNumbers(string name, ImmutableArray<double> values, ParameterRange range)
        {
            if (!values.IsDefaultOrEmpty && CheckLength(name, values.Length, Kinetics.SpeciesCount))
            {
                foreach (var value in values)
                {
                    problems.Check(name, value, range);
                }
            }
        }
    }
}
