using Mfn.Core.Fields;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;

namespace Mfn.Core.Tests.Steering;

public sealed class SteeredSimulationTests
{
    private static readonly SimulationSpec Spec = new() { GridSize = 8, Seed = 7 };

    public static TheoryData<SimulationVariant, Precision, bool> AllKinds()
    {
        var kinds = new TheoryData<SimulationVariant, Precision, bool>();
        foreach (var variant in (SimulationVariant[])[SimulationVariant.Model, SimulationVariant.Engine])
        {
            foreach (var precision in Enum.GetValues<Precision>())
            {
                kinds.Add(variant, precision, false);
                kinds.Add(variant, precision, true);
            }
        }

        return kinds;
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void Restore_AtAnyStep_GoesOnAsTheWholeRun(SimulationVariant variant, Precision precision, bool hasJitter)
    {
        const int Short = 30, Long = 2_000;
        var spec = Spec with { Variant = variant, Precision = precision, IsJitterEnabled = hasJitter };
        var random = new Random(1);
        var splits = Enumerable.Range(0, Short).Select(step => (step, Short))
            .Concat(Enumerable.Range(0, 20).Select(_ => (random.Next(Long), Long)));

        foreach (var (split, end) in splits)
        {
            using var whole = new SteeredSimulation(spec);
            whole.Advance(end);
            using var first = new SteeredSimulation(spec);
            first.Advance(split);
            using var second = SteeredSimulation.Restore(first.Capture());
            second.Advance(end - split);

            AssertEqual(whole, second);
        }
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void Apply_ThenRestore_GoesOnAsTheSteeredRun(SimulationVariant variant, Precision precision, bool hasJitter)
    {
        var spec = Spec with { Variant = variant, Precision = precision, IsJitterEnabled = hasJitter };
        using var whole = new SteeredSimulation(spec);
        using var split = new SteeredSimulation(spec);
        Steer(whole);
        Steer(split);
        using var restored = SteeredSimulation.Restore(split.Capture());
        whole.Advance(20);
        restored.Advance(20);

        Assert.Equal((25, 2), (restored.Step, restored.Revision));
        AssertEqual(whole, restored);

        static void Steer(SteeredSimulation simulation)
        {
            simulation.Advance(5);
            simulation.Apply(new FieldAddition(1, 2, 3, 4, 0.0123));
            simulation.Apply(new ParameterChange { Alpha = 0.07 });
        }
    }

    [Fact]
    public void Apply_ParameterChange_IsARunThatHadTheOtherConstantsFromThere()
    {
        using var steered = new SteeredSimulation(Spec);
        steered.Advance(9);
        steered.Apply(new ParameterChange { Alpha = 0.05, SpikeProbability = 0.9, TuringThreshold = 0.5 });
        steered.Advance(9);

        using var first = new SimulationEngine(Spec);
        first.Advance(9);
        using var second = SimulationEngine.Restore(Spec with { Alpha = 0.05, SpikeProbability = 0.9, TuringThreshold = 0.5 }, first.Capture());
        second.Advance(9);

        Assert.Equal(second.Potential.ToArray(), steered.Engine.Potential.ToArray());
        Assert.Equal(second.Counts, steered.Engine.Counts);
    }

    [Theory]
    [InlineData(Precision.Binary64)]
    [InlineData(Precision.Binary32)]
    public void Apply_FieldAddition_RaisesTheCellsOfTheRectangleAlone(Precision precision)
    {
        using var simulation = new SteeredSimulation(Spec with { Precision = precision });
        var before = simulation.Engine.Potential.ToArray();

        simulation.Apply(new FieldAddition(Row: 6, Column: 1, RowCount: 2, ColumnCount: 3, Amount: 0.1));

        for (var row = 0; row < 8; row++)
        {
            for (var column = 0; column < 8; column++)
            {
                var cell = before[(row * 8) + column];
                var expected = row >= 6 && column is >= 1 and <= 3
                    ? precision == Precision.Binary64 ? cell + 0.1 : (double)((float)cell + 0.1f)
                    : cell;
                Assert.Equal(expected, simulation.Engine.Potential[(row * 8) + column]);
            }
        }
    }

    [Theory]
    [InlineData(Precision.Binary64)]
    [InlineData(Precision.Binary32)]
    public void Apply_FieldReplacement_ReplacesEveryCell(Precision precision)
    {
        using var simulation = new SteeredSimulation(Spec with { Precision = precision });
        var cells = Enumerable.Range(0, 64).Select(i => -0.08 + (i / 997.0)).ToArray();

        simulation.Apply(new FieldReplacement([.. cells]));

        Assert.Equal(precision == Precision.Binary64 ? cells : cells.Select(cell => (double)(float)cell), simulation.Engine.Potential.ToArray());
    }

    [Fact]
    public void Apply_WhatIsWrong_IsRefusedWithAllProblemsAndChangesNothing()
    {
        using var simulation = new SteeredSimulation(Spec);
        var before = simulation.Capture();

        var addition = Assert.Throws<ArgumentException>(() => simulation.Apply(new FieldAddition(8, -1, 0, 9, 2)));
        var parameters = Assert.Throws<ArgumentException>(() => simulation.Apply(new ParameterChange { Alpha = double.NaN, JitterVariance = 0.1 }));
        var cells = Assert.Throws<ArgumentException>(() => simulation.Apply(new FieldReplacement([0.0])));
        var notFinite = Assert.Throws<ArgumentException>(() => simulation.Apply(new FieldReplacement([.. Enumerable.Repeat(double.NaN, 64)])));

        Assert.All(["Row must", "Column must", "RowCount must", "ColumnCount must", "Amount must"], text => Assert.Contains(text, addition.Message, StringComparison.Ordinal));
        Assert.All(["Alpha must be finite", "JitterVariance must not be set"], text => Assert.Contains(text, parameters.Message, StringComparison.Ordinal));
        Assert.Contains("must have 64 cells, but has 1", cells.Message, StringComparison.Ordinal);
        Assert.Contains("must be finite", notFinite.Message, StringComparison.Ordinal);
        Assert.Equal(0, simulation.Revision);
        Assert.Equal(before.Identity.ToArray(), simulation.Identity.ToArray());
        Assert.Equal(before.State.Potential.ToArray(), simulation.Engine.Potential.ToArray());
    }

    [Fact]
    public void InitialFields_ThoseGiven_ReplaceTheDrawnOnesAndNothingElse()
    {
        var potential = new Field(8, 8, Enumerable.Range(0, 64).Select(i => i / 1000.0).ToArray());
        using var drawn = new SteeredSimulation(Spec);
        using var given = new SteeredSimulation(Spec, new InitialFields { Potential = potential });

        Assert.Equal(potential.Cells.ToArray(), given.Engine.Potential.ToArray());
        Assert.Equal(drawn.Engine.Activator.ToArray(), given.Engine.Activator.ToArray());
        Assert.Equal(drawn.Capture().State.Generator, given.Capture().State.Generator);
        var error = Assert.Throws<ArgumentException>(() => new SteeredSimulation(
            Spec with { IsTuringEnabled = false }, new InitialFields { Potential = new Field(2, 8), Inhibitor = new Field(8, 8) }));
        Assert.Contains("Potential must be 8 x 8, but was 2 x 8. Inhibitor must not be set for a run without Turing coupling.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_AnythingThatDecidesTheEvolution_MakesAnother()
    {
        var histories = new List<Func<SteeredSimulation>>
        {
            () => new SteeredSimulation(Spec),
            () => new SteeredSimulation(Spec with { Seed = 8 }),
            () => new SteeredSimulation(Spec with { Precision = Precision.Binary32 }),
            () => new SteeredSimulation(Spec with { Alpha = 0.17 }),
            () => new SteeredSimulation(Spec, new InitialFields { Potential = new Field(8, 8) }),
            () => Steered(0, new ParameterChange { Alpha = 0.17 }),
            () => Steered(1, new ParameterChange { Alpha = 0.17 }),
            () => Steered(1, new ParameterChange { Alpha = 0.16 }),
            () => Steered(1, new ParameterChange { SpikeProbability = 0.17 }),
            () => Steered(1, new FieldAddition(0, 1, 2, 3, 0.01)),
            () => Steered(1, new FieldAddition(1, 0, 2, 3, 0.01)),
            () => Steered(1, new FieldReplacement([.. new double[64]])),
            () => Steered(1, new FieldAddition(0, 1, 2, 3, 0.01), new ParameterChange { Alpha = 0.17 }),
            () => Steered(1, new ParameterChange { Alpha = 0.17 }, new FieldAddition(0, 1, 2, 3, 0.01)),
        };

        var identities = histories.Select(IdentityOf).ToList();

        Assert.Equal(identities.Count, identities.Distinct().Count());
        Assert.Equal(identities, histories.Select(IdentityOf));
        Assert.Equal(IdentityOf(() => new SteeredSimulation(Spec with { StepCount = 5 })), identities[0]);

        static string IdentityOf(Func<SteeredSimulation> create)
        {
            using var simulation = create();
            return Convert.ToHexString(simulation.Identity.AsSpan());
        }

        static SteeredSimulation Steered(int step, params StateChange[] changes)
        {
            var simulation = new SteeredSimulation(Spec);
            simulation.Advance(step);
            Assert.All(changes, simulation.Apply);
            return simulation;
        }
    }

    private static void AssertEqual(SteeredSimulation expected, SteeredSimulation actual)
    {
        var (one, other) = (expected.Capture(), actual.Capture());
        Assert.Equal(one.State.Potential.ToArray(), other.State.Potential.ToArray());
        Assert.Equal(one.State.Activator.ToArray(), other.State.Activator.ToArray());
        Assert.Equal(one.State.Inhibitor.ToArray(), other.State.Inhibitor.ToArray());
        Assert.Equal((one.State.Step, one.State.Generator, one.State.Counts, one.Revision), (other.State.Step, other.State.Generator, other.State.Counts, other.Revision));
        Assert.Equal(one.Identity.ToArray(), other.Identity.ToArray());
    }
}
