using Mfn.Core.Aggregation.Sorting;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>The smallest values come as if all were sorted, whatever they are.</summary>
public sealed class SmallestFirstTests
{
    private static readonly IReadOnlyDictionary<string, Func<RandomGenerator, double>> Distributions = new Dictionary<string, Func<RandomGenerator, double>>
    {
        ["spread"] = random => Math.Pow(random.StandardNormal(), 2),
        ["ties"] = random => random.NextInt64(0, 5),
        ["same"] = _ => 3,
        ["outliers"] = random => random.NextInt64(0, 50) == 0 ? 1e300 : 1 + (1e-9 * random.NextInt64(0, 1000)),
        ["any magnitude"] = random => Math.Exp(200 * random.StandardNormal()),
        ["extremes"] = random => new[] { 0, double.Epsilon, 1, double.MaxValue, double.PositiveInfinity }[random.NextInt64(0, 5)],
    };

    public static TheoryData<string> Names => [.. Distributions.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Of_AnyValues_AreAsIfSorted(string name)
    {
        var random = new RandomGenerator(5);
        foreach (var length in new[] { 0, 1, 2, 17, 127, 128, 129, 999, 3000 })
        {
            // One for all counts, so that what is left of one call would be seen in the next.
            var smallest = new SmallestFirst(length);
            foreach (var count in new[] { 0, 1, length / 3, length / 2, length - 1, length }.Where(count => count >= 0 && count <= length))
            {
                double[] values = [.. Enumerable.Range(0, length).Select(_ => Distributions[name](random))];
                double[] expected = [.. values.Order().Take(count)];

                Assert.Equal(expected, smallest.Of(values, count).ToArray());
            }
        }
    }
}
