using Mfn.Core.Randomness;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Simulation;

/// <summary>Runs whose cells are singles.</summary>
public sealed class SinglePrecisionTests
{
    private static readonly SimulationSpec Spec = new() { GridSize = 32, StepCount = 60, Precision = Precision.Binary32 };

    [Fact]
    public void Constructor_SameSeed_StartsFromTheRoundedFieldsOfADoubleRun()
    {
        var singles = new SimulationEngine(Spec);
        var doubles = new SimulationEngine(Spec with { Precision = Precision.Binary64 });

        Assert.Equal(doubles.Potential.ToArray().Select(cell => (float)cell), singles.PotentialSingles.ToArray());
        Assert.Equal(doubles.Activator.ToArray().Select(cell => (double)(float)cell), singles.Activator.ToArray());
        Assert.Equal(doubles.Capture().Generator, singles.Capture().Generator);
        Assert.True(doubles.PotentialSingles.IsEmpty);
    }

    [Fact]
    public void Advance_CalmField_StaysCloseToTheDoubleRunWithTheSameGrowthEvents()
    {
        var singles = new SimulationEngine(Spec);
        var doubles = new SimulationEngine(Spec with { Precision = Precision.Binary64 });
        var (singleEvents, doubleEvents) = (new List<GrowthEvent>(), new List<GrowthEvent>());
        singles.Advance(60, singleEvents);
        doubles.Advance(60, doubleEvents);

        Assert.Equal(doubleEvents, singleEvents);

        // Diffusion is a weighted mean, so that each step adds at most its own roundings: about ten of half an ulp of 0.1.
        var bound = 60 * 10 * 0.5 * Math.Pow(2, -27);
        Assert.All(doubles.Potential.ToArray().Zip(singles.Potential.ToArray()), pair => Assert.InRange(pair.First - pair.Second, -bound, bound));
    }

    [Fact]
    public void Restore_InMidRun_GoesOnToTheSameBits()
    {
        var jittery = Spec with { IsJitterEnabled = true };
        var whole = new SimulationEngine(jittery);
        var first = new SimulationEngine(jittery);
        whole.Advance(60);
        first.Advance(23);
        var second = SimulationEngine.Restore(jittery, first.Capture());
        second.Advance(37);

        Assert.Equal(whole.PotentialSingles, second.PotentialSingles);
        Assert.Equal(whole.Inhibitor, second.Inhibitor);
    }

    [Fact]
    public void TakeStep_WithJitter_MatchesNaive()
    {
        var jittery = Spec with { IsJitterEnabled = true, SpikeProbability = 0 };
        var engine = new SimulationEngine(jittery);
        var start = engine.Capture();
        var random = new RandomGenerator(start.Generator);
        var naive = new NaiveSteps<float>(jittery, start);
        var noise = new double[32 * 32];
        for (var step = 0; step < 5; step++)
        {
            random.NextDouble();
            random.FillNormal(0.0, Math.Sqrt(jittery.JitterVariance), noise);
            naive.Take(null, noise);
            engine.TakeStep();
        }

        Assert.Equal(naive.Potential, engine.PotentialSingles.ToArray());
    }

    [Fact]
    public void Restore_CellsThatAreNoSingles_IsRefused()
    {
        var state = new SimulationEngine(Spec).Capture();

        var error = Assert.Throws<ArgumentException>(() => SimulationEngine.Restore(Spec, state with { Activator = state.Activator.SetItem(3, 0.1) }));

        Assert.Contains("The activator field of a run in single precision must have cells that are singles", error.Message, StringComparison.Ordinal);
    }
}
