using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Fields;

/// <summary>The nearest value in a range; NaN stays NaN, and so does the sign of zero.</summary>
internal static class Clipping
{
    /// <summary>One value.</summary>
    public static double Clip(double value, double lowest, double highest) => value < lowest ? lowest : value > highest ? highest : value;

    /// <summary>A vector of values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<double> Clip(Vector<double> values, Vector<double> lowest, Vector<double> highest) => Vector.ConditionalSelect(
        Vector.LessThan(values, lowest), lowest, Vector.ConditionalSelect(Vector.GreaterThan(values, highest), highest, values));

    /// <summary>Clips cells in place and returns how many that changed.</summary>
    public static int Clamp(Span<double> cells, double lowest, double highest)
    {
        var (lowestVector, highestVector) = (Vector.Create(lowest), Vector.Create(highest));
        var changed = Vector<long>.Zero;
        var i = 0;
        for (; i <= cells.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var destination = cells[i..];
            var values = new Vector<double>(destination);
            changed -= Vector.LessThan(values, lowestVector) | Vector.GreaterThan(values, highestVector);
            Clip(values, lowestVector, highestVector).CopyTo(destination);
        }

        var changedCount = (int)Vector.Sum(changed);
        for (; i < cells.Length; i++)
        {
            changedCount += cells[i] < lowest || cells[i] > highest ? 1 : 0;
            cells[i] = Clip(cells[i], lowest, highest);
        }

        return changedCount;
    }
}
