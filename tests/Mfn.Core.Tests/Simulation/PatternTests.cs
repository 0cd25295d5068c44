using System.Collections.Immutable;
using System.Numerics;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Vectors;

namespace Mfn.Core.Tests.Simulation;

public class PatternTests
{
    private static readonly (int RowCount, int ColumnCount)[] Extents = [(1, 1), (1, 7), (6, 1), (2, 2), (3, 5), (8, 8), (9, 17), (20, 33), (70, 67)];

    public static TheoryData<string> Models => [.. KineticsModel.All.Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void TakeStep_AnyDomain_HasTheBitsOfTheEquations(string name)
    {
        foreach (var spec in Domains(name))
        {
            AssertNaive<double, Bits128<double>>(spec);
            AssertNaive<double, Bits256<double>>(spec);
            AssertNaive<double, Bits512<double>>(spec);
            AssertNaive<float, Bits512<float>>(spec);
            AssertNaive<float, Bits128<float>>(spec);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Advance_LargeFieldInPassesAndBands_HasTheBitsOfSingleSteps(string name)
    {
        foreach (var precision in Enum.GetValues<Precision>())
        {
            var spec = Spec(Pattern(name) with { RowCount = 400, ColumnCount = 411, Laplacian = LaplacianStencil.NinePoint }, precision);
            using var whole = new SimulationEngine(spec, StepHelpers.FromThreadPool(3));
            using var split = new SimulationEngine(spec);
            Assert.True(whole.MaxStepsPerPass > 1);
            whole.Advance(21);
            for (var i = 0; i < 21; i++)
            {
                split.Advance(1);
            }

            AssertSameState(split.Capture(), whole.Capture());
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Advance_AlternatingDirections_HasTheBitsOfTheEquations(string name)
    {
        if (name == "swift-hohenberg")
        {
            return;
        }

        foreach (var spec in Domains(name).Where(spec => spec.Mask.IsDefaultOrEmpty && spec.Laplacian == LaplacianStencil.FivePoint))
        {
            var pattern = spec with { Integrator = Integrator.Adi };
            foreach (var isInPlace in new[] { false, true })
            {
                AssertNaiveDirections<double, Bits128<double>>(pattern, isInPlace);
                AssertNaiveDirections<double, Bits256<double>>(pattern, isInPlace);
                AssertNaiveDirections<double, Bits512<double>>(pattern, isInPlace);
                AssertNaiveDirections<float, Bits512<float>>(pattern, isInPlace);
                AssertNaiveDirections<float, Bits128<float>>(pattern, isInPlace);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Advance_EveryCellOfTheMaskOpen_HasTheBitsOfNoMask(string name)
    {
        foreach (var pattern in Domains(name).Where(spec => spec.Mask.IsDefaultOrEmpty))
        {
            using var free = new SimulationEngine(Spec(pattern));
            using var masked = new SimulationEngine(Spec(pattern with { Mask = [.. Enumerable.Repeat(true, pattern.CellCount)] }));
            free.Advance(5);
            masked.Advance(5);
            AssertSameState(free.Capture(), masked.Capture());
        }
    }

    [Fact]
    public void Potential_OfKinetics_IsEmptyLikeAllThatTheReferenceHas()
    {
        using var engine = new SimulationEngine(Spec(Pattern("gray-scott"), Precision.Binary32));
        Assert.Equal(engine.Spec.CellCount, engine.SpeciesSingles(1).Length);
        Assert.True(engine.Potential.IsEmpty && engine.PotentialSingles.IsEmpty && engine.Activator.IsEmpty && engine.Inhibitor.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Restore_InTheMiddle_GoesOnWithTheSameBits(string name)
    {
        var spec = Spec(Pattern(name) with { RowCount = 20, ColumnCount = 30, AdditiveNoise = Noise(name), MultiplicativeNoise = Noise(name) });
        using var whole = new SimulationEngine(spec);
        whole.Advance(7);
        using var restored = SimulationEngine.Restore(spec, whole.Capture());
        whole.Advance(5);
        restored.Advance(5);
        AssertSameState(whole.Capture(), restored.Capture());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Advance_AlternatingDirections_TendToTheSameAsEuler(string name)
    {
        if (name == "swift-hohenberg")
        {
            return;
        }

        var pattern = Pattern(name) with { RowCount = 24, ColumnCount = 32 };
        var differences = new double[2];
        for (var i = 0; i < 2; i++)
        {
            var fine = pattern with { TimeStep = pattern.TimeStep / (2 << i) };
            using var euler = new SimulationEngine(Spec(fine));
            using var implicitly = new SimulationEngine(Spec(fine with { Integrator = Integrator.Adi }));
            euler.Advance(16 << i);
            implicitly.Advance(16 << i);
            differences[i] = Largest(euler.Species(0), implicitly.Species(0));
        }

        // Both are of first order in time: their difference halves with the time step.
        Assert.InRange(differences[0] / differences[1], 1.7, 2.3);
    }

    [Fact]
    public void Advance_TimeStepFarAboveEulersBound_AlternatingDirectionsStayFinite()
    {
        var pattern = Pattern("schnakenberg") with { RowCount = 32, ColumnCount = 32, Integrator = Integrator.Adi, TimeStep = 0.05 };
        Assert.InRange(0.05, 30 * (pattern with { Integrator = Integrator.Euler }).LargestStableTimeStep, 0.05 * 2);
        using var engine = new SimulationEngine(Spec(pattern));
        engine.Advance(2000);
        Assert.True(Largest(engine.Species(0), new double[32 * 32]) < 10);
        Assert.True(engine.Species(0).ToArray().Max() - engine.Species(0).ToArray().Min() > 1, "A Turing pattern should have grown.");
    }

    [Fact]
    public void SwiftHohenberg_WithoutNoise_NeverGainsEnergy()
    {
        var pattern = Pattern("swift-hohenberg") with { RowCount = 48, ColumnCount = 40 };
        using var engine = new SimulationEngine(Spec(pattern));
        var before = double.PositiveInfinity;
        for (var i = 0; i < 100; i++)
        {
            var energy = Energy(engine.Species(0), pattern);
            Assert.True(energy <= before, $"{energy} after {before} in step {engine.Step}");
            before = energy;
            engine.Advance(60);
        }

        Assert.True(before < -0.01 * pattern.CellCount, $"The energy should have fallen, but is {before}.");
    }

    [Theory]
    [InlineData(Boundary.Periodic)]
    [InlineData(Boundary.Neumann)]
    public void Advance_NoReactionAndNothingFlowsOut_KeepsTheSum(Boundary boundary)
    {
        var kinetics = new KineticsSpec(KineticsModel.Find("cubic")!);
        foreach (var integrator in Enum.GetValues<Integrator>())
        {
            var pattern = PatternSpec.Of(kinetics) with
            {
                RowCount = 31,
                ColumnCount = 45,
                Boundaries = [new(boundary), new(boundary)],
                Integrator = integrator,
                Initial = new InitialPattern { Uniform = [1, 2], Noise = 0.5 },
            };
            using var engine = new SimulationEngine(Spec(pattern));
            var (before, spread) = (engine.Species(1).ToArray().Sum(), engine.Species(1).ToArray().Max());
            engine.Advance(200);
            Assert.Equal(before, engine.Species(1).ToArray().Sum(), 1e-9);
            Assert.True(engine.Species(1).ToArray().Max() < spread);
        }
    }

    [Fact]
    public void Advance_MaskedWall_IsNeverCrossed()
    {
        const int Extent = 32;
        var mask = Enumerable.Range(0, Extent * Extent).Select(i => i / Extent != 15 && i / Extent != 0).ToImmutableArray();
        foreach (var laplacian in Enum.GetValues<LaplacianStencil>())
        {
            var pattern = Pattern("fitzhugh-nagumo") with
            {
                RowCount = Extent,
                ColumnCount = Extent,
                Mask = mask,
                Laplacian = laplacian,
                TimeStep = 0.5,
                Initial = new InitialPattern { Uniform = [0, 0], Shape = InitialShape.Stripes, Inside = [1, 0], StripeCount = 1, Size = 6 },
            };
            using var engine = new SimulationEngine(Spec(pattern));
            engine.Advance(200);
            var u = engine.Species(0).ToArray();
            Assert.All(Enumerable.Range(15 * Extent, 17 * Extent), i => Assert.Equal(0.0, u[i]));
            Assert.True(u[14 * Extent] > 0.5, "The wave should have reached the wall.");
        }
    }

    [Fact]
    public void Advance_ExplodingField_SaysWhichSpeciesAndStep()
    {
        var kinetics = new KineticsSpec(KineticsModel.Find("cubic")!).With("f30", 1);
        var pattern = PatternSpec.Of(kinetics) with { RowCount = 16, ColumnCount = 16, TimeStep = 0.2, Initial = new InitialPattern { Uniform = [3, 0] } };
        using var engine = new SimulationEngine(Spec(pattern));
        var error = Assert.Throws<NonFiniteFieldException>(() => engine.Advance(1000));
        Assert.Contains("u", error.Message, StringComparison.Ordinal);
        Assert.InRange(engine.Step, 2, 50);
    }

    [Fact]
    public void FindProblems_AlternatingDirectionsThatAreNone_NamesAll()
    {
        var pattern = Pattern("swift-hohenberg") with { Integrator = Integrator.Adi, Laplacian = LaplacianStencil.NinePoint };
        Assert.Equal(["Laplacian", "Integrator"], pattern.FindProblems().Select(problem => problem.Parameter));
    }

    internal static IEnumerable<PatternSpec> Domains(string name)
    {
        var random = new Random(3);
        var one = Pattern(name);
        var count = one.Kinetics.SpeciesCount;
        foreach (var (rowCount, columnCount) in Extents)
        {
            foreach (var laplacian in Enum.GetValues<LaplacianStencil>())
            {
                var shaped = one with { RowCount = rowCount, ColumnCount = columnCount, Laplacian = laplacian };
                var mask = Enumerable.Range(0, shaped.CellCount).Select(_ => random.Next(4) > 0).ToImmutableArray();
                SpeciesBoundary[][] boundaries =
                [
                    [new(Boundary.Periodic), new(Boundary.Periodic)], [new(Boundary.Neumann), new(Boundary.Neumann)],
                    [new(Boundary.Dirichlet, 0.25), new(Boundary.Dirichlet, 0.75)], [new(Boundary.Neumann), new(Boundary.Dirichlet, 0.5)],
                ];
                foreach (var boundary in boundaries)
                {
                    var bounded = shaped with { Boundaries = [.. boundary.Take(count)] };
                    yield return bounded;
                    yield return bounded with { Mask = mask };
                }
            }
        }
    }

    private static void AssertNaive<T, TVector>(PatternSpec pattern)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
    {
        const int StepCount = 3;
        var random = new Random(5);
        var species = Enumerable.Range(0, pattern.Kinetics.SpeciesCount)
            .Select(_ => Enumerable.Range(0, pattern.CellCount).Select(_ => T.CreateChecked(0.5 + random.NextDouble())).ToArray()).ToArray();
        var naive = new NaivePattern<T>(pattern, species);

        var boundaries = PatternPlanes.Boundaries(pattern);
        var kernels = PatternKernel.Of<T, TVector>(pattern);
        var plan = new SweepPlan<T>(pattern.RowCount, pattern.ColumnCount, boundaries, [.. kernels], jitter: null);
        using var source = new FieldRows<T>(pattern.RowCount, pattern.ColumnCount, boundaries.Length);
        using var destination = new FieldRows<T>(pattern.RowCount, pattern.ColumnCount, boundaries.Length);
        for (var i = 0; i < species.Length; i++)
        {
            species[i].CopyTo(source.Plane(i));
        }

        PatternPlanes.FillMask(pattern, source.Plane(PatternPlanes.CellPlanes));

        for (var i = 0; i < StepCount; i++)
        {
            naive.TakeStep();
        }

        // All steps in one pass, in two bands, but for rows that are shorter than a vector.
        var parts = new GrowthEvent?[StepCount * kernels.Length];
        var middle = pattern.RowCount / 2;
        var bands = pattern.ColumnCount < TVector.Count ? [(0, pattern.RowCount)] : new[] { (middle, pattern.RowCount), (0, middle) };
        foreach (var (rowsTogether, isUpward) in new[] { (128, false), (3, true) })
        {
            using var sweep = new BandSweep<T>(plan, parts.Length, rowsTogether) { Counts = RowCounts.None };
            foreach (var (first, end) in bands)
            {
                sweep.Advance(new(source, destination, parts, CancellationToken.None) { IsUpward = isUpward }, first, end);
            }

            Assert.True(sweep.Counts.IsFinite);
            for (var i = 0; i < species.Length; i++)
            {
                Assert.True(
                    naive.Species[i].AsSpan().SequenceEqual(destination.Plane(i)),
                    $"{pattern.RowCount} x {pattern.ColumnCount}, {pattern.Laplacian}, {string.Join(" and ", pattern.Boundaries)}, masked: {!pattern.Mask.IsEmpty}, "
                    + $"{TVector.Count} lanes, {rowsTogether} rows together, upward: {isUpward}, "
                    + $"species {i}: {string.Join(' ', naive.Species[i])} but {string.Join(' ', destination.Plane(i).ToArray())}");
                destination.Plane(i).Clear();
            }
        }
    }

    private static void AssertNaiveDirections<T, TVector>(PatternSpec pattern, bool isInPlace)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct, IVector<TVector, T>
    {
        var random = new Random(5);
        var species = Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, pattern.CellCount).Select(_ => T.CreateChecked(0.5 + random.NextDouble())).ToArray()).ToArray();
        var naive = new NaivePattern<T>(pattern, species);
        var directions = AlternatingDirections<T>.Of<TVector>(pattern);
        using var before = new FieldRows<T>(pattern.RowCount, pattern.ColumnCount, 2);
        using var after = new FieldRows<T>(pattern.RowCount, pattern.ColumnCount, 2);
        for (var i = 0; i < species.Length; i++)
        {
            species[i].CopyTo(before.Plane(i));
        }

        var (source, destination) = (before, isInPlace ? before : after);
        for (var step = 0; step < 3; step++)
        {
            Assert.True(directions.Advance(source, destination, CancellationToken.None));
            naive.TakeStep();
            for (var i = 0; i < species.Length; i++)
            {
                Assert.True(
                    naive.Species[i].AsSpan().SequenceEqual(destination.Plane(i)),
                    $"{pattern.RowCount} x {pattern.ColumnCount}, {string.Join(" and ", pattern.Boundaries)}, {TVector.Count} lanes, species {i}, step {step}, "
                    + $"in place: {isInPlace}");
            }

            (source, destination) = (destination, source);
        }
    }

    private static double Energy(ReadOnlySpan<double> u, PatternSpec pattern)
    {
        var (r, energy) = (pattern.Kinetics.Values[0], 0.0);
        for (var i = 0; i < u.Length; i++)
        {
            var (row, column) = Math.DivRem(i, pattern.ColumnCount);
            var above = u[((row + pattern.RowCount - 1) % pattern.RowCount * pattern.ColumnCount) + column];
            var below = u[((row + 1) % pattern.RowCount * pattern.ColumnCount) + column];
            var left = u[(row * pattern.ColumnCount) + ((column + pattern.ColumnCount - 1) % pattern.ColumnCount)];
            var right = u[(row * pattern.ColumnCount) + ((column + 1) % pattern.ColumnCount)];
            var w = u[i] + ((above + below + left + right - (4 * u[i])) / (pattern.CellWidth * pattern.CellWidth));
            energy += (0.5 * w * w) - (0.5 * r * u[i] * u[i]) + (0.25 * u[i] * u[i] * u[i] * u[i]);
        }

        return energy;
    }

    private static double Largest(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var largest = 0.0;
        for (var i = 0; i < left.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(left[i] - right[i]));
        }

        return largest;
    }

    private static ImmutableArray<double> Noise(string name) => [.. KineticsModel.Find(name)!.Species.Select(_ => 0.001)];

    private static PatternSpec Pattern(string name)
    {
        var model = KineticsModel.Find(name)!;
        var kinetics = new KineticsSpec(model, [.. model.Parameters.Select((parameter, i) => name == "cubic" ? 0.01 * (i + 1) : parameter.Default)]);
        return PatternSpec.Of(kinetics);
    }

    private static SimulationSpec Spec(PatternSpec pattern, Precision precision = Precision.Binary64) => new() { Pattern = pattern, StepCount = 10_000, Precision = precision };

    private static void AssertSameState(SimulationState expected, SimulationState actual)
    {
        Assert.Equal(expected.Step, actual.Step);
        Assert.Equal(expected.Generator, actual.Generator);
        for (var i = 0; i < expected.Species.Length; i++)
        {
            Assert.Equal(expected.Species[i].AsSpan(), actual.Species[i].AsSpan());
        }
    }
}
