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

    [Fact]
    public void Of_Nothing_IsRefused() => Assert.Throws<ArgumentException>(() => FieldStatistics.Of([]));

    [Fact]
    public void Scale_ToMillivolts_MultipliesEach() =>
        Assert.Equal(new FieldStatistics(-70, 40, -35, 5), new FieldStatistics(-0.070, 0.040, -0.035, 0.005).Scale(1000));
}
