namespace Mfn.Core.Fields;

/// <summary>The five-point Laplacian on a lattice of unit spacing: the four neighbours minus four times the cell.</summary>
/// <remarks>The order of the additions is part of the result, to the last bit; it is the reference's.</remarks>
public static class Laplacian
{
    /// <summary>Writes the Laplacian of every cell of <paramref name="source"/> to <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The fields differ in shape, or are one and the same.</exception>
    public static void Apply(Field source, Boundary boundary, Field destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        if (ReferenceEquals(source, destination))
        {
            throw new ArgumentException("The destination must be another field than the source.", nameof(destination));
        }

        if (!Enum.IsDefined(boundary))
        {
            throw new ArgumentOutOfRangeException(nameof(boundary), boundary, "Unknown boundary.");
        }

        destination.RequireShapeOf(source, nameof(destination));
        for (var i = 0; i < source.RowCount; i++)
        {
            for (var j = 0; j < source.ColumnCount; j++)
            {
                var (above, below) = (At(i - 1, j), At(i + 1, j));
                var (left, right) = (At(i, j - 1), At(i, j + 1));

                // With a rim of zeros the reference adds the right neighbour before the left one.
                var sum = boundary == Boundary.Dirichlet ? above + below + right + left : above + below + left + right;
                destination[i, j] = sum - (4.0 * source[i, j]);
            }
        }

        double At(int row, int column) => boundary switch
        {
            Boundary.Periodic => source[(row + source.RowCount) % source.RowCount, (column + source.ColumnCount) % source.ColumnCount],
            Boundary.Neumann => source[Math.Clamp(row, 0, source.RowCount - 1), Math.Clamp(column, 0, source.ColumnCount - 1)],
            _ => row < 0 || column < 0 || row >= source.RowCount || column >= source.ColumnCount ? 0.0 : source[row, column],
        };
    }
}
