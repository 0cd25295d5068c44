using System.Numerics;

namespace Mfn.Server.Frames;

/// <summary>The least and the greatest of a frame's cells, which must be finite.</summary>
internal readonly record struct CellExtremes(double Minimum, double Maximum)
{
    private const int SingleMantissaBits = 24;
    private const int LeastSingleExponent = -126;

    /// <summary>How far a cell can be from the nearest single: half a unit in the last place of the largest magnitude.</summary>
    public double LargestSingleError => Math.ScaleB(1.0, Math.Max(Math.ILogB(LargestMagnitude), LeastSingleExponent) - SingleMantissaBits);

    /// <summary>The cells' largest absolute value.</summary>
    public double LargestMagnitude => Math.Max(Math.Abs(Minimum), Math.Abs(Maximum));

    /// <summary>Those of one cell or more.</summary>
    public static CellExtremes Of(ReadOnlySpan<double> cells)
    {
        // Which of two zeros comes out depends on the vectors' width, which nobody sees: both are the level 0.
        var minima = new Vector<double>(cells[0]);
        var maxima = minima;
        var i = 0;
        for (; i <= cells.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var values = new Vector<double>(cells[i..]);
            minima = Vector.MinNative(minima, values);
            maxima = Vector.MaxNative(maxima, values);
        }

        var (minimum, maximum) = (minima[0], maxima[0]);
        for (var lane = 1; lane < Vector<double>.Count; lane++)
        {
            minimum = Math.Min(minimum, minima[lane]);
            maximum = Math.Max(maximum, maxima[lane]);
        }

        for (; i < cells.Length; i++)
        {
            minimum = Math.Min(minimum, cells[i]);
            maximum = Math.Max(maximum, cells[i]);
        }

        return new CellExtremes(minimum, maximum);
    }
}
