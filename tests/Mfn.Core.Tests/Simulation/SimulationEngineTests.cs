using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Simulation;

public sealed class SimulationEngineTests
{
    public static TheoryData<SimulationSpec> Specs => new()
    {
        new SimulationSpec { GridSize = 16, StepCount = 40 },
        new SimulationSpec { GridSize = 16, StepCount = 40, IsTuringEnabled = false },
        new SimulationSpec { GridSize = 16, StepCount = 40, IsJitterEnabled = true, TuringThreshold = 0.05 },
        new SimulationSpec { Variant = SimulationVariant.Engine, GridSize = 16, StepCount = 40, IsJitterEnabled = true, Boundary = Boundary.Neumann },
        new SimulationSpec { Variant = SimulationVariant.Engine, GridSize = 16, StepCount = 40, IsTuringEnabled = false, Boundary = Boundary.Dirichlet },
    };

    [Theory, MemberData(nameof(Specs))]
    public void Restore_AtEveryStep_GoesOnToTheSameState(SimulationSpec spec)
    {
        var whole = new SimulationEngine(spec);
        whole.Advance(spec.StepCount);

        var first = new SimulationEngine(spec);
        for (var step = 0; step <= spec.StepCount; step++)
        {
            var second = SimulationEngine.Restore(spec, first.Capture());
            second.Advance(spec.StepCount - step);

            AssertSameState(whole.Capture(), second.Capture());
            if (step < spec.StepCount)
            {
                first.TakeStep();
            }
        }
    }

    [Fact]
    public void Capture_ThenStep_LeavesTheCaptureAsItWas()
    {
        var engine = new SimulationEngine(new SimulationSpec { GridSize = 8 });
        var before = engine.Potential.ToArray();
        var captured = engine.Capture();

        engine.TakeStep();

        Assert.Equal(before.AsEnumerable(), captured.Potential.AsEnumerable());
        Assert.NotEqual(before, engine.Potential.ToArray());
    }

    [Fact]
    public void Restore_StateThatDoesNotFit_SaysAllThatIsWrong()
    {
        var spec = new SimulationSpec { GridSize = 4 };
        var state = new SimulationEngine(spec).Capture();
        var damaged = state with
        {
            Step = -1,
            Species = [state.Potential.RemoveAt(0), state.Activator.SetItem(3, double.NaN).SetItem(5, double.PositiveInfinity), default],
        };

        var error = Assert.Throws<ArgumentException>(() => SimulationEngine.Restore(spec, damaged));

        Assert.Contains("potential field must have 16 cells, but has 15", error.Message, StringComparison.Ordinal);
        Assert.Contains("activator field must be finite, but has 1 NaN and 1 infinite cells", error.Message, StringComparison.Ordinal);
        Assert.Contains("inhibitor field must have 16 cells, but has 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("step must not be negative, but was -1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_SpecWithProblems_NamesThemAll()
    {
        var spec = new SimulationSpec
        {
            Variant = SimulationVariant.Engine,
            GridSize = 3,
            StepCount = -1,
            Alpha = double.NaN,
            SpikeProbability = 1.5,
            JitterVariance = double.PositiveInfinity,
            Boundary = (Boundary)7,
        };

        var error = Assert.Throws<ArgumentException>(() => new SimulationEngine(spec));

        Assert.Equal(
            ["GridSize", "StepCount", "Alpha", "SpikeProbability", "JitterVariance", "Boundary"],
            spec.FindProblems().Select(problem => problem.Parameter));
        Assert.Contains("GridSize must be between 4 and 1024, but was 3.", error.Message, StringComparison.Ordinal);
        Assert.Contains("Alpha must be at least 0.05 and below 0.25, but was NaN.", error.Message, StringComparison.Ordinal);
        Assert.Equal("Variant", Assert.Single(new SimulationSpec { Variant = (SimulationVariant)5 }.FindProblems()).Parameter);
    }

    [Fact]
    public void Constructor_ModelWithEngineConstants_IsRefused()
    {
        var spec = new SimulationSpec { ActivatorDiffusion = 0.2, InhibitorRate = 0.03, Boundary = Boundary.Neumann };

        Assert.Equal(
            ["ActivatorDiffusion must be 0.1, but was 0.2.", "InhibitorRate must be 0.02, but was 0.03.", "Boundary must be Periodic, but was Neumann."],
            spec.FindProblems().Select(problem => problem.ToString()));
    }

    [Fact]
    public void Advance_Cancelled_StopsBetweenTwoSteps()
    {
        using var cancellation = new CancellationTokenSource();
        var engine = new SimulationEngine(new SimulationSpec { GridSize = 8 });
        engine.Advance(3, cancellationToken: cancellation.Token);
        var before = engine.Potential.ToArray();
        cancellation.Cancel();

        Assert.Throws<OperationCanceledException>(() => engine.Advance(1, cancellationToken: cancellation.Token));
        Assert.Equal(3, engine.Step);
        Assert.Equal(before, engine.Potential.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Advance(-1));
    }

    [Fact]
    public void Advance_ShiftedFieldsOnATorus_GiveTheShiftedResult() =>
        Prop.ForAll(
            Gen.Choose(0, 11).Two().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            shiftAndSeed =>
            {
                var ((rows, columns), seed) = shiftAndSeed;
                var spec = new SimulationSpec { GridSize = 12, Seed = (ulong)seed, SpikeProbability = 0, TuringThreshold = 0.05 };
                var plain = new SimulationEngine(spec);
                var start = plain.Capture();
                var shifted = SimulationEngine.Restore(spec, start with
                {
                    Potential = Shift(start.Potential, rows, columns),
                    Activator = Shift(start.Activator, rows, columns),
                    Inhibitor = Shift(start.Inhibitor, rows, columns),
                });

                plain.Advance(15);
                shifted.Advance(15);

                return Shift(plain.Capture().Potential, rows, columns).SequenceEqual(shifted.Capture().Potential) && plain.Counts == shifted.Counts;
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Constructor_GeneratorOfTheCaller_IsDrawnFromAndGoesOn()
    {
        var spec = new SimulationSpec { GridSize = 8, StepCount = 5, Seed = 99 };
        var own = new SimulationEngine(spec);
        var random = new RandomGenerator(99);
        var shared = new SimulationEngine(spec with { Seed = 0 }, random);

        own.Advance(5);
        shared.Advance(5);

        AssertSameState(own.Capture(), shared.Capture());
        Assert.Equal(own.Capture().Generator, random.State);
    }

    [Fact]
    public void TakeStep_WithCertainSpike_RaisesThatCellAlone()
    {
        var calm = new SimulationEngine(new SimulationSpec { GridSize = 8, Alpha = 0, SpikeProbability = 0 });
        var spiked = new SimulationEngine(new SimulationSpec { GridSize = 8, Alpha = 0, SpikeProbability = 1 });
        calm.TakeStep();
        spiked.TakeStep();

        var growthEvent = Assert.NotNull(spiked.LastGrowthEvent);
        var cell = (growthEvent.Row * 8) + growthEvent.Column;
        Assert.Equal(1, growthEvent.Step);
        Assert.Equal(calm.Potential[cell] + growthEvent.Amplitude, spiked.Potential[cell]);
        Assert.Equal([cell], Enumerable.Range(0, 64).Where(i => calm.Potential[i] != spiked.Potential[i]));
        Assert.Null(calm.LastGrowthEvent);
        Assert.Equal(1, spiked.Counts.GrowthEvents);
    }

    [Fact]
    public void TakeStep_ModelWithoutTuring_HasNoSpecies()
    {
        var model = new SimulationEngine(new SimulationSpec { GridSize = 4, IsTuringEnabled = false });
        var engine = new SimulationEngine(new SimulationSpec { Variant = SimulationVariant.Engine, GridSize = 4, IsTuringEnabled = false });
        var activator = engine.Activator.ToArray();
        model.TakeStep();
        engine.TakeStep();

        Assert.True(model.Activator.IsEmpty && model.Inhibitor.IsEmpty);
        Assert.Equal(activator, engine.Activator.ToArray());
    }

    [Fact]
    public void Advance_UnstableAlpha_StaysWithinTheClampsAndCountsThem()
    {
        var engine = new SimulationEngine(new SimulationSpec { GridSize = 16, Alpha = 1.0 });
        engine.Advance(200);

        var statistics = engine.PotentialStatistics;
        Assert.Equal((-0.095, 0.040), (statistics.Minimum, statistics.Maximum));
        Assert.True(engine.Counts.ClampingEvents > 0);
    }

    [Fact]
    public void NonFiniteField_IsReportedWithStepFieldAndCount()
    {
        var error = Assert.Throws<NonFiniteFieldException>(
            () => NonFiniteFieldException.ThrowIfAny([0.0, double.NaN, double.NaN, double.PositiveInfinity], "activator", 12));

        Assert.Equal((12, "activator", new NonFiniteCells(2, 1)), (error.Step, error.FieldName, error.Cells));
        Assert.Equal("The activator field is not finite after step 12: it has 2 NaN and 1 infinite cells.", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(11)]
    public void TakeStep_LaplacianOverflowsInAColumn_NamesTheFieldAndItsCells(int column)
    {
        var spec = new SimulationSpec { GridSize = 12, SpikeProbability = 0.0 };
        var state = new SimulationEngine(spec).Capture();

        Assert.Equal(("potential", 12), Fail(state with { Potential = Overflowing(state.Potential) }));
        Assert.Equal(("inhibitor", 12), Fail(state with { Inhibitor = Overflowing(state.Inhibitor) }));

        // Neighbours above and below add up to infinity, from which four times the cell, infinite too, is taken.
        ImmutableArray<double> Overflowing(ImmutableArray<double> cells) =>
            [.. cells.Select((cell, index) => index % 12 == column ? double.MaxValue : cell)];

        (string FieldName, int NanCount) Fail(SimulationState damaged)
        {
            var error = Assert.Throws<NonFiniteFieldException>(SimulationEngine.Restore(spec, damaged).TakeStep);
            return (error.FieldName, error.Cells.NanCount);
        }
    }

    /// <summary>The cells of a square field of 12 rows, moved down and to the right around the torus.</summary>
    private static ImmutableArray<double> Shift(ImmutableArray<double> cells, int rows, int columns) =>
        [.. Enumerable.Range(0, 144).Select(k => cells[((((k / 12) - rows + 12) % 12) * 12) + (((k % 12) - columns + 12) % 12)])];

    private static void AssertSameState(SimulationState expected, SimulationState actual)
    {
        Assert.Equal(expected.Species.Length, actual.Species.Length);
        for (var i = 0; i < expected.Species.Length; i++)
        {
            Assert.Equal(expected.Species[i].AsEnumerable(), actual.Species[i].AsEnumerable());
        }

        Assert.Equal(expected with { Species = [] }, actual with { Species = [] });
    }
}
