using Mfn.Core.Specs;

namespace Mfn.Core.Tests.Specs;

public sealed class ParameterRangeTests
{
    [Theory]
    [InlineData(0.05, true)]
    [InlineData(0.2499999, true)]
    [InlineData(0.25, false)]
    [InlineData(0.0499, false)]
    [InlineData(double.NaN, false)]
    [InlineData(double.PositiveInfinity, false)]
    public void Contains_HalfOpenRange_ExcludesTheMaximumAndNonNumbers(double value, bool expected) =>
        Assert.Equal(expected, new ParameterRange(0.05, 0.25, ExcludesMaximum: true).Contains(value));

    [Fact]
    public void Contains_ClosedOrFinite_IncludesBothEnds()
    {
        Assert.True(new ParameterRange(0, 1).Contains(0) && new ParameterRange(0, 1).Contains(1));
        Assert.True(ParameterRange.Finite.Contains(double.MaxValue) && ParameterRange.Finite.Contains(double.MinValue));
        Assert.False(ParameterRange.Finite.Contains(double.NegativeInfinity) || ParameterRange.Finite.Contains(double.NaN));
    }

    [Fact]
    public void ToString_EveryKind_CompletesASentence()
    {
        Assert.Equal("at least 0.05 and below 0.25", new ParameterRange(0.05, 0.25, ExcludesMaximum: true).ToString());
        Assert.Equal("between 4 and 1024", new ParameterRange(4, 1024).ToString());
        Assert.Equal("0.1", ParameterRange.Only(0.1).ToString());
        Assert.Equal("finite", ParameterRange.Finite.ToString());
    }
}
