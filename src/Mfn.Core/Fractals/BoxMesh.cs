using System.Collections.Immutable;

namespace Mfn.Core.Fractals;

/// <summary>A mesh of boxes laid over a field.</summary>
public readonly record struct BoxMesh
{
    private readonly BoxEdges _rows;
    private readonly BoxEdges _columns;

    private BoxMesh(double side, BoxEdges rows, BoxEdges columns)
    {
        Side = side;
        _rows = rows;
        _columns = columns;
    }

    /// <summary>The side of a box in cells: of boxes that differ, the square root of their mean area.</summary>
    public double Side { get; }

    /// <summary>The boxes of the mesh.</summary>
    public long Count => (long)_rows.Count * _columns.Count;

    /// <summary>The cells of the field that are in a box.</summary>
    public long CoveredCellCount => (long)_rows.Start(_rows.Count) * _columns.Start(_columns.Count);

    /// <summary>The boxes' edges down the rows.</summary>
    internal BoxEdges Rows => _rows;

    /// <summary>The boxes' edges along a row.</summary>
    internal BoxEdges Columns => _columns;

    /// <summary>
    /// The reference's meshes: squares of each size, from the first row and column on, as many as fit. What is left over at the last rows and
    /// columns is in no box. Sizes beyond the rows or columns are left out.
    /// </summary>
    /// <param name="rowCount">The field's rows; at least 1.</param>
    /// <param name="columnCount">The field's columns; at least 1.</param>
    /// <param name="boxSizes">The sizes, such as <see cref="BoxSizes"/> makes them: each at least 1, strictly ascending.</param>
    /// <exception cref="ArgumentException">The sizes do not ascend from at least 1.</exception>
    public static ImmutableArray<BoxMesh> Whole(int rowCount, int columnCount, ReadOnlySpan<int> boxSizes)
    {
        RequireExtents(rowCount, columnCount);
        var meshes = ImmutableArray.CreateBuilder<BoxMesh>(boxSizes.Length);
        var previous = 0;
        foreach (var size in boxSizes)
        {
            if (size <= previous)
            {
                throw new ArgumentException($"Box sizes must be at least 1 and ascend, but {size} follows {previous}.", nameof(boxSizes));
            }

            previous = size;
            if (size <= Math.Min(rowCount, columnCount))
            {
                meshes.Add(new BoxMesh(size, new BoxEdges(rowCount / size, size, 1), new BoxEdges(columnCount / size, size, 1)));
            }
        }

        return meshes.ToImmutable();
    }

    /// <summary>
    /// Meshes that cover the whole field, each of which cuts every box of the next one into four, for sizes that double as
    /// <see cref="BoxSizes.Doubling"/> makes them; sizes beyond the rows or columns are left out. The coarsest has round(extent / size) boxes down
    /// and across for the largest size, or as many less as keep the finest boxes from being narrower than a cell. The boxes of a mesh are equal
    /// but for the division of the field into cells: with m boxes along n cells, cell i is in box ⌊i m / n⌋.
    /// </summary>
    /// <param name="rowCount">The field's rows; at least 1.</param>
    /// <param name="columnCount">The field's columns; at least 1.</param>
    /// <param name="minBoxSize">The least size; at least 1.</param>
    /// <param name="maxBoxSize">The greatest size; below the least size it counts as equal to it.</param>
    /// <param name="scaleCount">The most sizes; 1 to <see cref="BoxSizes.LargestScaleCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static ImmutableArray<BoxMesh> Nested(int rowCount, int columnCount, int minBoxSize, int maxBoxSize, int scaleCount)
    {
        RequireExtents(rowCount, columnCount);
        int[] sizes = [.. BoxSizes.Doubling(minBoxSize, maxBoxSize, scaleCount).Where(size => size <= Math.Min(rowCount, columnCount))];
        if (sizes.Length == 0)
        {
            return [];
        }

        var rows = Coarsest(rowCount, sizes);
        var columns = Coarsest(columnCount, sizes);
        var meshes = ImmutableArray.CreateBuilder<BoxMesh>(sizes.Length);
        for (var halvings = sizes.Length - 1; halvings >= 0; halvings--)
        {
            var (rowBoxes, columnBoxes) = (rows << halvings, columns << halvings);
            meshes.Add(new BoxMesh(
                Math.Sqrt((double)rowCount / rowBoxes * columnCount / columnBoxes),
                new BoxEdges(rowBoxes, rowCount, rowBoxes),
                new BoxEdges(columnBoxes, columnCount, columnBoxes)));
        }

        return meshes.ToImmutable();
    }

    private static int Coarsest(int extent, int[] sizes)
    {
        var largest = sizes[^1];
        var nearest = (int)(((2L * extent) + largest) / (2L * largest));
        return (long)nearest << (sizes.Length - 1) <= extent ? nearest : extent / largest;
    }

    private static void RequireExtents(int rowCount, int columnCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnCount, 1);
    }
}
