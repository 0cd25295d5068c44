namespace Mfn.Core.Statistics;

/// <summary>The least-squares slope of a series against 0, 1, 2, …, kept up to date value by value in constant memory.</summary>
/// <remarks>
/// The co-moment is updated about the running means (B. P. Welford, 1962; P. Pébay, Sandia report SAND2008-6212, 2008), so that a large
/// offset of the series does not cancel its trend away. A constant series has a slope of exactly 0. One value that is not finite makes the
/// slope NaN for good.
/// </remarks>
internal struct TrendAccumulator
{
    private double _mean;
    private double _coMoment;

    /// <summary>The values added so far.</summary>
    public long Count { get; private set; }

    /// <summary>The slope in the values' unit per value; 0 for fewer than two values.</summary>
    public readonly double Slope => Count < 2 ? 0.0 : _coMoment / SumOfSquaredIndexDeviations(Count);

    /// <summary>Adds the next value of the series.</summary>
    public void Add(double value)
    {
        // The mean of the indices 0 … Count - 1 lies (Count + 1) / 2 below the new index.
        var indexDeviation = (Count + 1) / 2.0;
        Count++;
        _mean += (value - _mean) / Count;
        _coMoment += indexDeviation * (value - _mean);
    }

    private static double SumOfSquaredIndexDeviations(double count) => count * ((count * count) - 1.0) / 12.0;
}
