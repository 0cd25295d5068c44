using FsCheck;
using FsCheck.Fluent;
using Mfn.Core.Randomness;
using Mfn.Core.Statistics;

namespace Mfn.Core.Tests.Statistics;

public sealed class PairwiseAccumulatorTests
{
    [Fact]
    public void Sum_PiecesOfAnyLength_HasTheBitsOfTheWhole() =>
        Prop.ForAll(
            Gen.Choose(0, 9000).ListOf(5).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            lengthsAndSeed =>
            {
                var (lengths, seed) = lengthsAndSeed;
                var random = new RandomGenerator(seed);
                var all = new List<double>();
                var accumulator = new PairwiseAccumulator();
                foreach (var length in lengths)
                {
                    var piece = Enumerable.Range(0, length).Select(_ => random.Normal(0, 1)).ToArray();
                    all.AddRange(piece);
                    accumulator.Add(piece);
                }

                return accumulator.Count == all.Count && accumulator.Sum == PairwiseSum.Of(all.ToArray());
            }).Check(Config.QuickThrowOnFailure.WithReplay(123UL, 45UL));

    [Fact]
    public void Sum_BetweenPieces_DoesNotDisturbTheRest()
    {
        var values = Enumerable.Range(0, 20_000).Select(i => 1.0 / (i + 1)).ToArray();
        var accumulator = new PairwiseAccumulator();
        for (var i = 0; i < values.Length; i += 100)
        {
            accumulator.Add(values.AsSpan(i, 100));
            Assert.Equal(PairwiseSum.Of(values.AsSpan(0, i + 100)), accumulator.Sum);
        }
    }

    [Fact]
    public void Mean_OfNothing_IsNotANumber() => Assert.Equal((0.0, double.NaN), (new PairwiseAccumulator().Sum, new PairwiseAccumulator().Mean));
}
