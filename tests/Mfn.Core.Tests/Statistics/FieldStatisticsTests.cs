using Mfn.Core.Randomness;
using Mfn.Core.Statistics;

namespace Mfn.Core.Tests.Statistics;

public sealed class FieldStatisticsTests
{
    public static TheoryData<string> Grids => GoldenFile.Ids("numerics.json");

    [Theory, MemberData(nameof(Grids))]
    public void Of_ReferenceField_EqualsNumpyToTheBit(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("numerics.json", id);
        var expected = outputs.GetProperty("statistics");

        var actual = FieldStatistics.Of(GoldenFile.Array(inputs.GetProperty("field")));

        Assert.Equal(expected.GetProperty("min").GetDouble(), actual.Minimum);
        Assert.Equal(expected.GetProperty("max").GetDouble(), actual.Maximum);
        Assert.Equal(expected.GetProperty("mean").GetDouble(), actual.Mean);
        Assert.Equal(expected.GetProperty("std").GetDouble(), actual.StandardDeviation);
    }

    [Fact]
    public void Of_KnownValues_AreThoseOfTheDefinition()
    {
        // Population standard deviation of 2, 4, 4, 4, 5, 5, 7, 9 is exactly 2.
        Assert.Equal(new FieldStatistics(2, 9, 5, 2), FieldStatistics.Of([2, 4, 4, 4, 5, 5, 7, 9]));
        Assert.Equal(new FieldStatistics(-3, -3, -3, 0), FieldStatistics.Of([-3]));
    }

    [Fact]
    public void Of_NaN_IsNaNThroughout()
    {
        var statistics = FieldStatistics.Of([1, double.NaN, 3]);

        Assert.All(new[] { statistics.Minimum, statistics.Maximum, statistics.Mean, statistics.StandardDeviation }, value => Assert.True(double.IsNaN(value)));
    }

    [Theory, MemberData(nameof(PairwiseSumTests.Lengths), MemberType = typeof(PairwiseSumTests))]
    public void Of_AnyLength_EqualsNaiveToTheBit(int length)
    {
        if (length == 0)
        {
            return;
        }

        var random = new RandomGenerator(6);
        double[] values = [.. Enumerable.Range(0, length).Select(_ => random.Normal(-0.07, 0.005))];

        var mean = PairwiseSumTests.NaiveSum(values) / length;
        var variance = PairwiseSumTests.NaiveSum([.. values.Select(value => (value - mean) * (value - mean))]) / length;
        Assert.Equal(new FieldStatistics(values.Min(), values.Max(), mean, Math.Sqrt(variance)), FieldStatistics.Of(values));
    }

    [Fact]
    public void Of_OneOddValueAnywhere_IsFound()
    {
        // In every lane and in the remainder; -0 is below +0.
        for (var i = 0; i < 29; i++)
        {
            var (unknown, zeros) = (new double[29], new double[29]);
            unknown[i] = double.NaN;
            zeros[i] = -0.0;

            Assert.True(double.IsNaN(FieldStatistics.Of(unknown).Minimum) && double.IsNaN(FieldStatistics.Of(unknown).Maximum));
            Assert.True(double.IsNegative(FieldStatistics.Of(zeros).Minimum) && double.IsPositive(FieldStatistics.Of(zeros).Maximum));
        }
    }

    [Fact]
    public void Of_Nothing_IsRefused() => Assert.Throws<ArgumentException>(() => FieldStatistics.Of([]));

    [Fact]
    public void Scale_ToMillivolts_MultipliesEach() =>
        Assert.Equal(new FieldStatistics(-70, 40, -35, 5), new FieldStatistics(-0.070, 0.040, -0.035, 0.005).Scale(1000));
}
