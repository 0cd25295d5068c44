using Mfn.Core.Randomness;
using Mfn.Core.Statistics;

namespace Mfn.Core.Tests.Statistics;

public sealed class PairwiseSumTests
{
    public static TheoryData<int> Lengths => [.. Enumerable.Range(0, 300), 8191, 8192, 8193, 16_384, 20_000];

    [Theory, MemberData(nameof(Lengths))]
    public void Of_AnyLength_EqualsNaiveToTheBit(int length)
    {
        var values = Values(length);

        Assert.Equal(NaiveSum(values), PairwiseSum.Of(values));
    }

    [Fact]
    public void Of_SmallNumbersAfterALargeOne_KeepsWhatAPlainLoopLoses()
    {
        var values = Enumerable.Repeat(1.0, 4096).ToArray();
        values[0] = 1e16;

        Assert.Equal(1e16, values.Aggregate((sum, value) => sum + value));

        // Only the 15 ones that share the large number's lane are lost.
        Assert.Equal(1e16 + 4080, PairwiseSum.Of(values));
    }

    private static double[] Values(int length)
    {
        var random = new RandomGenerator(5);
        return [.. Enumerable.Range(0, length).Select(_ => random.Normal(-0.07, 0.005))];
    }

    /// <summary>The rule as it is written down, by index on one array.</summary>
    internal static double NaiveSum(double[] values)
    {
        var sum = 0.0;
        for (var start = 0; start < values.Length; start += 8192)
        {
            sum += Pairwise(start, Math.Min(8192, values.Length - start));
        }

        return sum;

        double Pairwise(int start, int count)
        {
            if (count > 128)
            {
                var half = count / 2 / 8 * 8;
                return Pairwise(start, half) + Pairwise(start + half, count - half);
            }

            var grouped = count < 8 ? 0 : count / 8 * 8;
            var total = 0.0;
            if (grouped > 0)
            {
                var r = Enumerable.Range(0, 8).Select(lane => Enumerable.Range(0, grouped / 8).Select(k => values[start + (8 * k) + lane]).Aggregate((x, y) => x + y)).ToArray();
                total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
            }

            for (var i = grouped; i < count; i++)
            {
                total += values[start + i];
            }

            return total;
        }
    }
}
