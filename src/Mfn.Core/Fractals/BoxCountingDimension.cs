using System.Collections.Immutable;
using Mfn.Core.Fields;
using Mfn.Core.Statistics;

namespace Mfn.Core.Fractals;

/// <summary>
/// The box-counting (Minkowski-Bouligand) dimension of a set of cells: the slope of ln(occupied boxes) against ln(1 / box size), fitted by
/// least squares (K. Falconer, "Fractal Geometry", 1990, chapter 3).
/// </summary>
public sealed class BoxCountingDimension
{
    private const int LargestStackLength = 64;

    private BoxCountingDimension(ImmutableArray<BoxCount> counts)
    {
        Counts = counts;
        var occupied = counts.Where(count => count.OccupiedCount > 0).ToArray();
        if (occupied.Length < 2)
        {
            return;
        }

        IsDefined = true;

        // Equal counts have a slope of 0 and nothing to explain; in logarithms both would be rounding noise.
        if (occupied.All(count => count.OccupiedCount == occupied[0].OccupiedCount))
        {
            return;
        }

        Span<double> x = occupied.Length <= LargestStackLength ? stackalloc double[occupied.Length] : new double[occupied.Length];
        Span<double> y = occupied.Length <= LargestStackLength ? stackalloc double[occupied.Length] : new double[occupied.Length];
        for (var i = 0; i < occupied.Length; i++)
        {
            x[i] = Math.Log(1.0 / occupied[i].BoxSize);
            y[i] = Math.Log(occupied[i].OccupiedCount);
        }

        var line = LineFit.Of(x, y);
        Dimension = line.Slope;
        RSquared = line.RSquared;
        HasFit = true;
    }

    /// <summary>The count at every size that fits into the field, in ascending order of the sizes; sizes without a box are left out.</summary>
    public ImmutableArray<BoxCount> Counts { get; }

    /// <summary>
    /// Whether at least two sizes have an occupied box. If not, <see cref="Dimension"/> and <see cref="RSquared"/> are 0 and mean nothing.
    /// </summary>
    public bool IsDefined { get; }

    /// <summary>Whether the counts differ, so that <see cref="RSquared"/> says something; otherwise it is 0.</summary>
    public bool HasFit { get; }

    /// <summary>The dimension. Cells that no whole box covers are ignored, so that it may exceed 2 a little.</summary>
    public double Dimension { get; }

    /// <summary>The fit's coefficient of determination, as computed: rounding may carry it out of [0, 1] by a few last bits.</summary>
    public double RSquared { get; }

    /// <summary>Measures the set cells of a field.</summary>
    /// <param name="mask">The cells, row after row.</param>
    /// <param name="rowCount">The number of rows; at least 1.</param>
    /// <param name="columnCount">The number of cells in a row; at least 1.</param>
    /// <param name="boxSizes">
    /// The sizes, such as <see cref="BoxSizes"/> makes them: each at least 1, strictly ascending. Those beyond the rows or columns are skipped.
    /// </param>
    /// <exception cref="ArgumentException">The mask does not fit its shape, or the sizes do not ascend from at least 1.</exception>
    public static BoxCountingDimension Measure(ReadOnlySpan<bool> mask, int rowCount, int columnCount, ReadOnlySpan<int> boxSizes)
    {
        RequireShape(mask.Length, rowCount, columnCount, nameof(mask));
        return Measure(CellMask.Of(mask, rowCount, columnCount), boxSizes);
    }

    /// <summary>Measures the cells of a field that exceed a threshold; NaN exceeds none.</summary>
    /// <exception cref="ArgumentException">The cells do not fit their shape, or the sizes do not ascend from at least 1.</exception>
    public static BoxCountingDimension MeasureAbove(
        double threshold, ReadOnlySpan<double> cells, int rowCount, int columnCount, ReadOnlySpan<int> boxSizes)
    {
        RequireShape(cells.Length, rowCount, columnCount, nameof(cells));
        return Measure(CellMask.Above(threshold, cells, rowCount, columnCount), boxSizes);
    }

    /// <summary>Measures the set cells of a field.</summary>
    /// <exception cref="ArgumentException">The sizes do not ascend from at least 1.</exception>
    internal static BoxCountingDimension Measure(CellMask mask, ReadOnlySpan<int> boxSizes)
    {
        var counts = ImmutableArray.CreateBuilder<BoxCount>(boxSizes.Length);
        var boxes = new BoxRow(mask);
        var previous = 0;
        foreach (var size in boxSizes)
        {
            if (size <= previous)
            {
                throw new ArgumentException($"Box sizes must be at least 1 and ascend, but {size} follows {previous}.", nameof(boxSizes));
            }

            previous = size;
            if (size <= Math.Min(mask.RowCount, mask.ColumnCount))
            {
                counts.Add(new BoxCount(size, boxes.CountOccupied(size)));
            }
        }

        return new BoxCountingDimension(counts.ToImmutable());
    }

    private static void RequireShape(int cellCount, int rowCount, int columnCount, string parameter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnCount, 1);
        if (cellCount != (long)rowCount * columnCount)
        {
            throw new ArgumentException(
                $"A {rowCount} x {columnCount} mask needs {(long)rowCount * columnCount} cells, but got {cellCount}.", parameter);
        }
    }
}
