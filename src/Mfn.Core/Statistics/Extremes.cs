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
    public readonly double Minimum
    {
        get
        {
            var minimum = _minima[0];
            for (var lane = 1; lane < Vector512<double>.Count; lane++)
            {
                minimum = Math.Min(minimum, _minima[lane]);
            }

            return minimum;
        }
    }

    /// <summary>The greatest value; +0 is above -0.</summary>
    public readonly double Maximum
    {
        get
        {
            var maximum = _maxima[0];
            for (var lane = 1; lane < Vector512<double>.Count; lane++)
            {
                maximum = Math.Max(maximum, _maxima[lane]);
            }

            return maximum;
        }
    }

    /// <summary>Adds eight values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<double> values)
    {
        _minima = Vector512.Min(_minima, values);
        _maxima = Vector512.Max(_maxima, values);
    }
}
