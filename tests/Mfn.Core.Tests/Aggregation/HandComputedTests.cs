using Mfn.Core.Aggregation.Rules;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>Values worked out by hand where other libraries have been off: even counts, nothing to trim, everything but one, sums beyond floats.</summary>
public sealed class HandComputedTests
{
    [Theory]
    [InlineData(new float[] { 100, 1, 4, 2 }, 3)]
    [InlineData(new float[] { 4, 1, 2 }, 2)]
    [InlineData(new float[] { 7, 5 }, 6)]
    [InlineData(new float[] { -0.5f }, -0.5)]
    [InlineData(new[] { float.MaxValue, float.MaxValue, float.MaxValue, 0 }, float.MaxValue)]
    public void Median_OfOneComponent_IsTheMiddleOrTheMeanOfTheTwo(float[] values, double expected) =>
        Assert.Equal((float)expected, Aggregate(new CoordinateWiseMedian(), values, 0));

    [Theory]
    [InlineData(new float[] { 100, 1, 4, 2 }, 0, 26.75)]
    [InlineData(new float[] { 100, 1, 4, 2 }, 1, 3)]
    [InlineData(new float[] { 4, 1, 2 }, 1, 2)]
    [InlineData(new float[] { 9, 1, 2, 4, 8 }, 1, 14.0 / 3)]
    [InlineData(new[] { float.MaxValue, float.MaxValue, float.MaxValue, float.MaxValue }, 1, float.MaxValue)]
    public void TrimmedMean_OfOneComponent_IsTheMeanOfWhatIsLeft(float[] values, int byzantineCount, double expected) =>
        Assert.Equal((float)expected, Aggregate(new TrimmedMean(), values, byzantineCount));

    [Fact]
    public void Mean_OfTheLargestFloats_DoesNotOverflow() =>
        Assert.Equal(float.MaxValue, Aggregate(new Mean(), [float.MaxValue, float.MaxValue, float.MaxValue], 0));

    [Fact]
    public void GeometricMedian_OfTheLargestFloats_IsBetweenThem() =>
        Assert.Equal(0, Aggregate(new GeometricMedian(), [float.MaxValue, -float.MaxValue], 0));

    private static float Aggregate(IAggregationRule rule, float[] values, int byzantineCount) =>
        rule.Aggregate(AnyRule.SetOf([.. values.Select(value => new[] { value })]), byzantineCount).Vector.Span[0];
}
