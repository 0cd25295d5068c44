namespace Mfn.Core.Statistics;

/// <summary>The straight line of least squares through points of the plane, by the textbook formula about the means.</summary>
/// <param name="Slope">Its slope; 0 if all abscissas are equal.</param>
/// <param name="Intercept">Its value at 0.</param>
/// <param name="RSquared">1 - residual / total sum of squares; 0 if all ordinates are equal, for there is nothing to explain.</param>
internal readonly record struct LineFit(double Slope, double Intercept, double RSquared)
{
    /// <summary>The line through the points (<paramref name="x"/>[i], <paramref name="y"/>[i]).</summary>
    /// <exception cref="ArgumentException">There are no points, or not as many ordinates as abscissas.</exception>
    public static LineFit Of(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.IsEmpty || x.Length != y.Length)
        {
            throw new ArgumentException($"There must be as many ordinates as abscissas, but were {y.Length} and {x.Length}.", nameof(y));
        }

        var xMean = PairwiseSum.Of(x) / x.Length;
        var yMean = PairwiseSum.Of(y) / y.Length;
        var coMoment = 0.0;
        var xMoment = 0.0;
        var yMoment = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            coMoment += (x[i] - xMean) * (y[i] - yMean);
            xMoment += (x[i] - xMean) * (x[i] - xMean);
            yMoment += (y[i] - yMean) * (y[i] - yMean);
        }

        var slope = xMoment == 0.0 ? 0.0 : coMoment / xMoment;
        var residual = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            var error = (y[i] - yMean) - (slope * (x[i] - xMean));
            residual += error * error;
        }

        return new LineFit(slope, yMean - (slope * xMean), yMoment == 0.0 ? 0.0 : 1.0 - (residual / yMoment));
    }
}
