using Mfn.Core.Statistics;

namespace Mfn.Core.Tests.Statistics;

public sealed class LineFitTests
{
    [Fact]
    public void Of_PointsOnALine_FindsIt() =>
        Assert.Equal(new LineFit(-2, 7, 1), LineFit.Of([1, 2, 3, 4], [5, 3, 1, -1]));

    [Fact]
    public void Of_KnownPoints_IsTheTextbookLine()
    {
        // x = 1, 2, 3 and y = 1, 2, 2: slope 1/2, intercept 2/3, residual 1/6 of a total of 2/3.
        var line = LineFit.Of([1, 2, 3], [1, 2, 2]);

        Assert.Equal(0.5, line.Slope, 1e-15);
        Assert.Equal(2.0 / 3.0, line.Intercept, 1e-15);
        Assert.Equal(0.75, line.RSquared, 1e-15);
    }

    [Fact]
    public void Of_EqualOrdinatesOrAbscissas_HasNothingToExplain()
    {
        Assert.Equal(new LineFit(0, 4, 0), LineFit.Of([1, 2, 3], [4, 4, 4]));
        Assert.Equal(0.0, LineFit.Of([2, 2], [1, 3]).Slope);
    }

    [Fact]
    public void Of_NoPointsOrUnequalLengths_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => LineFit.Of([], []));
        Assert.Throws<ArgumentException>(() => LineFit.Of([1, 2], [1]));
    }
}
