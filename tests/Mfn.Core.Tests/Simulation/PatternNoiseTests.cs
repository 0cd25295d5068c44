using System.Collections.Immutable;
using System.Numerics;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Simulation;

/// <summary>Noise by Euler and Maruyama, against a step that draws each number by itself in the documented order.</summary>
public sealed class PatternNoiseTests
{
    private const int StepCount = 3;
    private const ulong Seed = 11;

    // Strengths that are 0 draw nothing.
    private static readonly (double[] Additive, double[] Multiplicative)[] Strengths =
    [
        ([0.02, 0.03], []), ([], [0.05, 0.04]), ([0.02, 0.03], [0.05, 0.04]), ([0, 0.03], [0.05, 0]),
    ];

    public static TheoryData<string> Models => [.. KineticsModel.All.Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Advance_NoiseOnAnyDomain_HasTheBitsOfDrawsOneByOne(string name)
    {
        foreach (var (i, domain) in PatternTests.Domains(name).Index())
        {
            var pattern = WithNoise(domain, Strengths[i % Strengths.Length]);
            AssertNaive<double>(pattern, Precision.Binary64);
            AssertNaive<float>(pattern, Precision.Binary32);
        }
    }

    /// <summary>Alternating directions have the same noise after a step that is otherwise theirs.</summary>
    [Theory]
    [InlineData(Precision.Binary64)]
    [InlineData(Precision.Binary32)]
    public void Advance_NoiseWithAlternatingDirections_IsAddedToTheStep(Precision precision)
    {
        foreach (var strengths in Strengths)
        {
            foreach (var kind in Enum.GetValues<Boundary>())
            {
                var pattern = WithNoise(PatternSpec.Of(new KineticsSpec(KineticsModel.Find("brusselator")!)), strengths) with
                {
                    RowCount = 7,
                    ColumnCount = 12,
                    Integrator = Integrator.Adi,
                    Boundaries = [new(kind, 1), new(kind, 2)],
                };
                using var engine = new SimulationEngine(Spec(Begun(pattern), precision));
                var random = new RandomGenerator(Seed);
                for (var step = 0; step < StepCount; step++)
                {
                    var before = engine.Capture();
                    using var alone = SimulationEngine.Restore(Spec(pattern with { AdditiveNoise = [], MultiplicativeNoise = [] }, precision), before);
                    alone.Advance(1);
                    engine.Advance(1);
                    AssertNoise(before, alone.Capture(), engine.Capture());
                }

                void AssertNoise(SimulationState before, SimulationState alone, SimulationState after)
                {
                    for (var species = 0; species < 2; species++)
                    {
                        var expected = precision == Precision.Binary64
                            ? Noisy<double>(pattern, species, [.. before.Species[species]], [.. alone.Species[species]], random)
                            : [.. Noisy<float>(pattern, species, Narrowed(before.Species[species]), Narrowed(alone.Species[species]), random).Select(cell => (double)cell)];
                        Assert.Equal(expected, after.Species[species]);
                    }
                }
            }
        }
    }

    private static void AssertNaive<T>(PatternSpec pattern, Precision precision)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var begun = Begun(pattern);
        using var engine = new SimulationEngine(Spec(begun, precision));
        var naive = new NaivePattern<T>(pattern, [.. begun.Initial.Fields.Select(field => field.Cells.ToArray().Select(T.CreateChecked).ToArray())]);
        var random = new RandomGenerator(Seed);
        for (var step = 0; step < StepCount; step++)
        {
            var before = naive.Species;
            naive.TakeStep();
            naive = new NaivePattern<T>(pattern, [.. naive.Species.Select((cells, species) => Noisy(pattern, species, before[species], cells, random))]);
        }

        engine.Advance(StepCount);
        for (var species = 0; species < pattern.Kinetics.SpeciesCount; species++)
        {
            // By bits, so that the sign of a masked cell's zero counts too.
            Assert.True(
                naive.Species[species].Select(cell => BitConverter.DoubleToInt64Bits(double.CreateChecked(cell)))
                    .SequenceEqual(engine.Species(species).ToArray().Select(BitConverter.DoubleToInt64Bits)),
                $"{pattern.RowCount} x {pattern.ColumnCount}, {pattern.Laplacian}, {string.Join(" and ", pattern.Boundaries)}, masked: {!pattern.Mask.IsEmpty}, {precision}, species {species}");
        }

        Assert.Equal(random.State, engine.Capture().Generator);
    }

    /// <summary>u'' = (u' + a √Δt ξ) + u (m √Δt η): row by row first all ξ and then all η, each rounded to the cells' type before it is used.</summary>
    private static T[] Noisy<T>(PatternSpec pattern, int species, T[] before, T[] after, RandomGenerator random)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var noisy = (T[])after.Clone();
        var additive = pattern.AdditiveNoise.IsEmpty ? 0 : pattern.AdditiveNoise[species] * Math.Sqrt(pattern.TimeStep);
        var multiplicative = pattern.MultiplicativeNoise.IsEmpty ? 0 : pattern.MultiplicativeNoise[species] * Math.Sqrt(pattern.TimeStep);
        for (var row = 0; row < pattern.RowCount; row++)
        {
            Add(additive, (_, drawn) => drawn);
            Add(multiplicative, (i, drawn) => before[i] * drawn);

            void Add(double strength, Func<int, T, T> noise)
            {
                for (var i = row * pattern.ColumnCount; strength > 0 && i < (row + 1) * pattern.ColumnCount; i++)
                {
                    // Cells that do not take part have their draws too, and make nothing of them.
                    var drawn = T.CreateChecked(strength * random.StandardNormal());
                    noisy[i] = pattern.Mask.IsEmpty || pattern.Mask[i] ? noisy[i] + noise(i, drawn) : noisy[i];
                }
            }
        }

        return noisy;
    }

    private static PatternSpec WithNoise(PatternSpec pattern, (double[] Additive, double[] Multiplicative) strengths) => pattern with
    {
        AdditiveNoise = [.. strengths.Additive.Take(pattern.Kinetics.SpeciesCount)],
        MultiplicativeNoise = [.. strengths.Multiplicative.Take(pattern.Kinetics.SpeciesCount)],
    };

    /// <summary>The pattern with fields that draw nothing, negative zeros where cells do not take part.</summary>
    private static PatternSpec Begun(PatternSpec pattern)
    {
        var random = new Random(5);
        var fields = Enumerable.Range(0, pattern.Kinetics.SpeciesCount).Select(_ => new Field(
            pattern.RowCount,
            pattern.ColumnCount,
            [.. Enumerable.Range(0, pattern.CellCount).Select(i => pattern.Mask.IsEmpty || pattern.Mask[i] ? 0.5 + random.NextDouble() : -0.0)]));
        return pattern with { Initial = pattern.Initial with { Fields = [.. fields] } };
    }

    private static float[] Narrowed(ImmutableArray<double> cells) => [.. cells.Select(cell => (float)cell)];

    private static SimulationSpec Spec(PatternSpec pattern, Precision precision) => new() { Pattern = pattern, StepCount = StepCount, Precision = precision, Seed = Seed };
}
