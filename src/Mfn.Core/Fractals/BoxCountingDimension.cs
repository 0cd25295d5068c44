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

    // The points that fix a line, with nothing left to tell how well it fits.
    private const int FixedCount = 2;

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
            x[i] = Math.Log(1.0 / occupied[i].Side);
            y[i] = Math.Log(occupied[i].OccupiedCount);
        }

        var line = LineFit.Of(x, y);
        Dimension = line.Slope;
        RSquared = line.RSquared;
        HasFit = true;
        if (occupied.Length > FixedCount)
        {
            // Of the slope: its square is (1 / R² - 1) / (points - 2) times the slope's. Rounding may carry R² beyond 1.
            StandardError = Math.Abs(Dimension) * Math.Sqrt(Math.Max(0.0, (1.0 / RSquared) - 1.0) / (occupied.Length - FixedCount));
        }
    }

    /// <summary>The count of every mesh, in ascending order of the boxes' sides.</summary>
    public ImmutableArray<BoxCount> Counts { get; }

    /// <summary>
    /// Whether at least two meshes have an occupied box. If not, <see cref="Dimension"/> and <see cref="RSquared"/> are 0 and mean nothing.
    /// </summary>
    public bool IsDefined { get; }

    /// <summary>Whether the counts differ, so that <see cref="RSquared"/> says something; otherwise it is 0.</summary>
    public bool HasFit { get; }

    /// <summary>
    /// The dimension. Of <see cref="BoxMesh.Nested"/> meshes it is exactly 2 for a full field and 1 for a full row, whatever the field's extents.
    /// <see cref="BoxMesh.Whole"/> boxes ignore the cells that they do not cover, so that it may exceed 2 by much: those of 2 and 4 cells make it
    /// 2.644 for a full field of 11 x 11.
    /// </summary>
    public double Dimension { get; }

    /// <summary>The standard error of the fitted slope; null where there are not three occupied meshes with different counts.</summary>
    public double? StandardError { get; }

    /// <summary>The fit's coefficient of determination, as computed: rounding may carry it out of [0, 1] by a few last bits.</summary>
    public double RSquared { get; }

    /// <summary>Measures the set cells of a field.</summary>
    /// <param name="mask">The cells, row after row.</param>
    /// <param name="rowCount">The number of rows; at least 1.</param>
    /// <param name="columnCount">The number of cells in a row; at least 1.</param>
    /// <param name="meshes">Meshes for a field of that shape, in ascending order of their sides.</param>
    /// <exception cref="ArgumentException">The mask does not fit its shape.</exception>
    public static BoxCountingDimension Measure(ReadOnlySpan<bool> mask, int rowCount, int columnCount, ImmutableArray<BoxMesh> meshes)
    {
        RequireShape(mask.Length, rowCount, columnCount, nameof(mask));
        return Measure(CellMask.Of(mask, rowCount, columnCount), meshes);
    }

    /// <summary>Measures the set cells of a field with the reference's whole boxes.</summary>
    /// <exception cref="ArgumentException">The mask does not fit its shape, or the sizes do not ascend from at least 1.</exception>
    public static BoxCountingDimension Measure(ReadOnlySpan<bool> mask, int rowCount, int columnCount, ReadOnlySpan<int> boxSizes) =>
        Measure(mask, rowCount, columnCount, BoxMesh.Whole(rowCount, columnCount, boxSizes));

    /// <summary>Measures the cells of a field that exceed a threshold; NaN exceeds none.</summary>
    /// <exception cref="ArgumentException">The cells do not fit their shape.</exception>
    public static BoxCountingDimension MeasureAbove(
        double threshold, ReadOnlySpan<double> cells, int rowCount, int columnCount, ImmutableArray<BoxMesh> meshes)
    {
        RequireShape(cells.Length, rowCount, columnCount, nameof(cells));
        return Measure(CellMask.Above(threshold, cells, rowCount, columnCount), meshes);
    }

    /// <summary>Measures the set cells of a field.</summary>
    internal static BoxCountingDimension Measure(CellMask mask, ImmutableArray<BoxMesh> meshes)
    {
        var boxes = new BoxRow(mask);
        return new BoxCountingDimension([.. meshes.Select(mesh => new BoxCount(mesh.Side, boxes.CountOccupied(mesh)))]);
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
