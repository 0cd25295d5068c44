using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mfn.Core.Statistics;

/// <summary>The least and the greatest of the values added so far; NaN if any value was.</summary>
internal struct Extremes
{
    private Vector512<double> _minima;
    private Vector512<double> _maxima;

    /// <summary>Those of no value: positive and negative infinity.</summary>
    public static Extremes None => new()
    {
        _minima = Vector512.Create(double.PositiveInfinity),
        _maxima = Vector512.Create(double.NegativeInfinity),
    };

    /// <summary>The least value; -0 is below +0.</summary>
    public readonly double Minimum => Least(_minima);

    /// <summary>The greatest value; +0 is above -0.</summary>
    public readonly double Maximum => Greatest(_maxima);

    /// <summary>The greatest of eight values; NaN if any is.</summary>
    public static double Greatest(Vector512<double> values)
    {
        var greatest = values[0];
        for (var lane = 1; lane < Vector512<double>.Count; lane++)
        {
            greatest = Math.Max(greatest, values[lane]);
        }

        return greatest;
    }

    /// <summary>Adds eight values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<double> values)
    {
        _minima = Vector512.Min(_minima, values);
        _maxima = Vector512.Max(_maxima, values);
    }

    private static double Least(Vector512<double> values)
    {
        var least = values[0];
        for (var lane = 1; lane < Vector512<double>.Count; lane++)
        {
            least = Math.Min(least, values[lane]);
        }

        return least;
    }
}
