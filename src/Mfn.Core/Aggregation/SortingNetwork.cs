using System.Runtime.Intrinsics;

namespace Mfn.Core.Aggregation;

/// <summary>
/// Sorts the columns of a small matrix, a vector of columns at a time: the comparisons are the same whatever the values, so that there
/// are no branches to mispredict.
/// </summary>
/// <remarks>K. E. Batcher, "Sorting networks and their applications", 1968: odd-even merge sort, here for any number of rows.</remarks>
internal sealed class SortingNetwork
{
    /// <summary>The columns of a matrix that is sorted.</summary>
    public const int Width = 16;

    private readonly (int Upper, int Lower)[] _comparators;

    /// <summary>The network for so many rows.</summary>
    public SortingNetwork(int rowCount) => _comparators = [.. Comparators(rowCount)];

    /// <summary>Sorts every column; no value may be NaN.</summary>
    /// <param name="rows">Rows of <see cref="Width"/> values, one after another.</param>
    public void Sort(Span<float> rows)
    {
        foreach (var (upper, lower) in _comparators)
        {
            Exchange(rows.Slice(upper * Width, Width), rows.Slice(lower * Width, Width));
            Exchange(rows.Slice((upper * Width) + 8, 8), rows.Slice((lower * Width) + 8, 8));
        }
    }

    // Not Min and Max, which tell -0 from 0 on some machines only.
    private static void Exchange(Span<float> upper, Span<float> lower)
    {
        var first = Vector256.Create<float>(upper);
        var second = Vector256.Create<float>(lower);
        var isDescending = Vector256.LessThan(second, first);
        Vector256.ConditionalSelect(isDescending, second, first).CopyTo(upper);
        Vector256.ConditionalSelect(isDescending, first, second).CopyTo(lower);
    }

    /// <summary>The network for the next power of two, without what would compare with the rows that are missing at its end.</summary>
    private static IEnumerable<(int Upper, int Lower)> Comparators(int rowCount)
    {
        for (var size = 1; size < rowCount; size *= 2)
        {
            for (var distance = size; distance >= 1; distance /= 2)
            {
                for (var start = distance % size; start + distance < rowCount; start += 2 * distance)
                {
                    for (var i = 0; i < Math.Min(distance, rowCount - start - distance); i++)
                    {
                        if ((start + i) / (2 * size) == (start + i + distance) / (2 * size))
                        {
                            yield return (start + i, start + i + distance);
                        }
                    }
                }
            }
        }
    }
}
