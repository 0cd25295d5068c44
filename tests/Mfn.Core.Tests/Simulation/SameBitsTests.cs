using System.Numerics;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;
using Mfn.Core.Vectors;

namespace Mfn.Core.Tests.Simulation;

/// <summary>A field's bits depend neither on the vectors' width nor on how many steps a pass takes nor on who computes which rows.</summary>
public sealed class SameBitsTests
{
    public static TheoryData<SimulationVariant, Boundary, bool, Precision> Kernels
    {
        get
        {
            var kernels = new TheoryData<SimulationVariant, Boundary, bool, Precision>();
            foreach (var variant in Enum.GetValues<SimulationVariant>())
            {
                foreach (var boundary in variant == SimulationVariant.Model ? [Boundary.Periodic] : Enum.GetValues<Boundary>())
                {
                    foreach (var precision in Enum.GetValues<Precision>())
                    {
                        kernels.Add(variant, boundary, true, precision);
                        kernels.Add(variant, boundary, false, precision);
                    }
                }
            }

            return kernels;
        }
    }

    /// <summary>Row lengths on either side of one and of several vectors of each width, singles included.</summary>
    private static int[] GridSizes { get; } = [.. Enumerable.Range(4, 18), 31, 32, 33, 35, 47, 63, 64, 65];

    [Theory, MemberData(nameof(Kernels))]
    public void Advance_AnyGridSize_MatchesNaive(SimulationVariant variant, Boundary boundary, bool isTuringEnabled, Precision precision)
    {
        foreach (var gridSize in GridSizes)
        {
            var spec = Spec(variant, boundary, isTuringEnabled, precision, gridSize);
            if (precision == Precision.Binary64)
            {
                AssertMatchesNaive<double>(spec);
            }
            else
            {
                AssertMatchesNaive<float>(spec);
            }
        }
    }

    [Theory, MemberData(nameof(Kernels))]
    public void Sweep_AnyWidthStepsAndBands_MatchesNaive(SimulationVariant variant, Boundary boundary, bool isTuringEnabled, Precision precision)
    {
        foreach (var gridSize in new[] { 5, 16, 19, 36 })
        {
            var spec = Spec(variant, boundary, isTuringEnabled, precision, gridSize);
            if (precision == Precision.Binary64)
            {
                AssertSweeps<double>(spec);
            }
            else
            {
                AssertSweeps<float>(spec);
            }
        }
    }

    [Theory]
    [InlineData(Precision.Binary64, Boundary.Periodic)]
    [InlineData(Precision.Binary32, Boundary.Periodic)]
    [InlineData(Precision.Binary64, Boundary.Neumann)]
    [InlineData(Precision.Binary64, Boundary.Dirichlet)]
    public void Advance_WithHelpers_GivesTheBitsOfOneThread(Precision precision, Boundary boundary)
    {
        var spec = Spec(SimulationVariant.Engine, boundary, true, precision, gridSize: 257) with { TuringThreshold = 0.5 };
        var alone = new SimulationEngine(spec);
        alone.Advance(40);

        foreach (var helpers in new[] { StepHelpers.FromThreadPool(1), StepHelpers.FromThreadPool(3), new StepHelpers(2, item => item.Execute()) })
        {
            var helped = new SimulationEngine(spec, helpers);
            helped.Advance(40);

            Assert.Equal(alone.Potential, helped.Potential);
            Assert.Equal(alone.Activator, helped.Activator);
            Assert.Equal(alone.Inhibitor, helped.Inhibitor);
            Assert.Equal(alone.Counts, helped.Counts);
        }
    }

    [Fact]
    public void Advance_HelpersThatNeverComeOrComeLate_AreNotWaitedFor()
    {
        var spec = new SimulationSpec { GridSize = 200 };
        var alone = new SimulationEngine(spec);
        var late = new List<IThreadPoolWorkItem>();
        var helped = new SimulationEngine(spec, new StepHelpers(2, late.Add));
        alone.Advance(30);

        helped.Advance(20);
        Assert.Equal(2, late.Count);
        late.ForEach(item => item.Execute());
        helped.Advance(10);

        Assert.Equal(alone.Potential, helped.Potential);
        Assert.Equal(4, late.Count);
    }

    [Fact]
    public void Advance_CancelledInMidPass_LeavesTheStateOfTheLastCompleteStep()
    {
        using var cancellation = new CancellationTokenSource();
        var spec = new SimulationSpec { GridSize = 200, SpikeProbability = 1.0 };
        var isToBeCancelled = false;
        var engine = new SimulationEngine(spec, new StepHelpers(1, item =>
        {
            if (isToBeCancelled)
            {
                cancellation.Cancel();
            }

            item.Execute();
        }));
        engine.Advance(8);
        var before = engine.Capture();
        isToBeCancelled = true;

        Assert.ThrowsAny<OperationCanceledException>(() => engine.Advance(8, cancellationToken: cancellation.Token));

        var after = engine.Capture();
        Assert.Equal(before.Potential.AsEnumerable(), after.Potential.AsEnumerable());
        Assert.Equal((before.Step, before.Generator, before.Counts), (after.Step, after.Generator, after.Counts));
        isToBeCancelled = false;
        engine.Advance(8);
        var whole = new SimulationEngine(spec);
        whole.Advance(16);
        Assert.Equal(whole.Potential, engine.Potential);
        Assert.Equal(whole.Counts, engine.Counts);
    }

    [Fact]
    public void Advance_FieldThatOverflows_StopsAfterTheStepThatDidIt()
    {
        var spec = new SimulationSpec { GridSize = 200, SpikeProbability = 0.5 };
        var state = new SimulationEngine(spec).Capture();
        var engine = SimulationEngine.Restore(spec, state with { Potential = state.Potential.SetItem(7, double.MaxValue).SetItem(207, double.MaxValue).SetItem(407, double.MaxValue) });

        var error = Assert.Throws<NonFiniteFieldException>(() => engine.Advance(8));

        Assert.Equal((1, 1, "potential"), (error.Step, engine.Step, error.FieldName));
    }

    [Theory]
    [InlineData(Boundary.Dirichlet, 5)]
    [InlineData(Boundary.Neumann, 64)]
    [InlineData(Boundary.Periodic, 200)]
    public void Dispose_ThenAnotherEngineOfTheSize_ComputesAsIfItsMemoryWereNew(Boundary boundary, int gridSize)
    {
        var spec = Spec(SimulationVariant.Engine, boundary, true, Precision.Binary64, gridSize);
        var expected = new SimulationEngine(spec);
        expected.Advance(20);
        for (var i = 0; i < 3; i++)
        {
            var before = new SimulationEngine(spec with { Seed = 7 });
            before.Advance(11);
            before.Dispose();
            Assert.Throws<ObjectDisposedException>(before.TakeStep);

            using var engine = new SimulationEngine(spec);
            engine.Advance(20);

            Assert.Equal(expected.Potential, engine.Potential);
            Assert.Equal(expected.Inhibitor, engine.Inhibitor);
            Assert.Equal(expected.Counts, engine.Counts);
        }
    }

    [Fact]
    public void Advance_SeveralSteps_ListsTheirGrowthEvents()
    {
        var spec = new SimulationSpec { GridSize = 200, SpikeProbability = 0.5 };
        var (single, several) = (new SimulationEngine(spec), new SimulationEngine(spec));
        var expected = new List<GrowthEvent>();
        for (var step = 0; step < 24; step++)
        {
            single.TakeStep();
            if (single.LastGrowthEvent is { } growthEvent)
            {
                expected.Add(growthEvent);
            }
        }

        var events = new List<GrowthEvent>();
        several.Advance(24, events);

        Assert.NotEmpty(expected);
        Assert.Equal(expected, events);
        Assert.Equal(single.LastGrowthEvent, several.LastGrowthEvent);
    }

    private static SimulationSpec Spec(SimulationVariant variant, Boundary boundary, bool isTuringEnabled, Precision precision, int gridSize) => new()
    {
        Variant = variant,
        Boundary = boundary,
        IsTuringEnabled = isTuringEnabled,
        Precision = precision,
        GridSize = gridSize,
        SpikeProbability = 0.7,
        Alpha = 0.24,
        TuringThreshold = variant == SimulationVariant.Engine ? 0.5 : 0.05,
    };

    private static void AssertMatchesNaive<T>(SimulationSpec spec)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Species that cross their limits and the threshold, so that every branch is taken.
        var start = Wide(spec, new SimulationEngine(spec).Capture());
        var engine = SimulationEngine.Restore(spec, start);
        var naive = new NaiveSteps<T>(spec, start);
        for (var step = 0; step < 6; step++)
        {
            engine.TakeStep();
            naive.Take(engine.LastGrowthEvent);
        }

        Assert.Equal(naive.Potential.Select(double.CreateChecked), engine.Potential.ToArray());
        Assert.Equal(naive.Activator.Select(double.CreateChecked), engine.Activator.ToArray());
        Assert.Equal(naive.Inhibitor.Select(double.CreateChecked), engine.Inhibitor.ToArray());
        Assert.Equal((naive.Activations, naive.Clampings), (engine.Counts.TuringActivations, engine.Counts.ClampingEvents));
    }

    private static void AssertSweeps<T>(SimulationSpec spec)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var start = Wide(spec, new SimulationEngine(spec).Capture());
        var random = new RandomGenerator(5);
        foreach (var stepCount in new[] { 1, 2, 3, 5 })
        {
            var events = new GrowthEvent?[stepCount];
            for (var step = 1; step < stepCount; step++)
            {
                events[step] = new GrowthEvent(step + 1, (int)random.NextInt64(0, spec.GridSize), (int)random.NextInt64(0, spec.GridSize), 0.02);
            }

            var naive = new NaiveSteps<T>(spec, start);
            foreach (var growthEvent in events)
            {
                naive.Take(growthEvent);
            }

            foreach (var kernel in new[] { StepKernel<T>.Of<Bits128<T>>(spec), StepKernel<T>.Of<Bits256<T>>(spec), StepKernel<T>.Of<Bits512<T>>(spec) })
            {
                // Rows shorter than a vector are only written in their order.
                int[][] divisions = spec.GridSize < 16
                    ? [[0, spec.GridSize]]
                    : [[0, spec.GridSize], [0, 1, spec.GridSize], [0, 2, 4, spec.GridSize - 1, spec.GridSize]];
                foreach (var bands in divisions)
                {
                    AssertSweep(spec, start, kernel, events, bands, naive, rowsTogether: 128, isUpward: false);
                    AssertSweep(spec, start, kernel, events, bands, naive, rowsTogether: bands.Length, isUpward: true);
                    AssertSweep(spec, start, kernel, events, bands, naive, rowsTogether: stepCount, isUpward: false);
                }
            }
        }
    }

    private static void AssertSweep<T>(
        SimulationSpec spec,
        SimulationState start,
        StepKernel<T> kernel,
        GrowthEvent?[] events,
        int[] bands,
        NaiveSteps<T> naive,
        int rowsTogether,
        bool isUpward)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var source = new FieldRows<T>(spec.GridSize, spec.GridSize, planeCount: 3);
        var destination = new FieldRows<T>(spec.GridSize, spec.GridSize, planeCount: 3);
        CellConversion.Narrow(start.Potential.AsSpan(), source.Potential);
        CellConversion.Narrow(start.Activator.AsSpan(), source.Activator);
        CellConversion.Narrow(start.Inhibitor.AsSpan(), source.Inhibitor);
        var sweep = new BandSweep<T>(SweepPlan<T>.Of(spec, kernel, jitter: null), events.Length, rowsTogether) { Counts = RowCounts.None };

        // From the last band to the first: their order must not matter either, nor what lies in the destination.
        for (var band = bands.Length - 2; band >= 0; band--)
        {
            sweep.Advance(new(source, destination, events, CancellationToken.None) { IsUpward = isUpward }, bands[band], bands[band + 1]);
        }

        Assert.Equal(naive.Potential, destination.Potential.ToArray());
        if (spec.IsTuringEnabled)
        {
            Assert.Equal(naive.Activator, destination.Activator.ToArray());
            Assert.Equal(naive.Inhibitor, destination.Inhibitor.ToArray());
        }

        Assert.Equal(new RowCounts(naive.Activations, naive.Clampings, IsFinite: true), sweep.Counts);
    }

    private static SimulationState Wide(SimulationSpec spec, SimulationState state)
    {
        var random = new RandomGenerator(spec.GridSize);
        var hasSpecies = spec.Variant != SimulationVariant.Model || spec.IsTuringEnabled;
        return state with
        {
            Species = hasSpecies ? [[.. Draw(-0.12, 0.06)], [.. Draw(-0.1, 1.1)], [.. Draw(-0.1, 1.1)]] : [[.. Draw(-0.12, 0.06)]],
        };

        IEnumerable<double> Draw(double low, double high) =>
            Enumerable.Range(0, spec.GridSize * spec.GridSize).Select(_ => (double)(float)random.Uniform(low, high));
    }
}
