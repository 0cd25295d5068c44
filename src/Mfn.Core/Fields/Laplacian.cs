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

        if (source.RowCount != destination.RowCount || source.ColumnCount != destination.ColumnCount)
        {
            throw new ArgumentException(
                $"The source is {source.RowCount} x {source.ColumnCount}, but the destination is {destination.RowCount} x {destination.ColumnCount}.",
                nameof(destination));
        }

        switch (boundary)
        {
            case Boundary.Periodic:
                ApplyPeriodic(source, destination);
                break;
            case Boundary.Neumann:
                ApplyNeumann(source, destination);
                break;
            case Boundary.Dirichlet:
                ApplyDirichlet(source, destination);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(boundary), boundary, "Unknown boundary.");
        }
    }

    private static void ApplyPeriodic(Field source, Field destination)
    {
        var last = source.RowCount - 1;
        for (var i = 0; i <= last; i++)
        {
            var row = source.Row(i);
            ApplyRow(source.Row(i == 0 ? last : i - 1), row, source.Row(i == last ? 0 : i + 1), row[^1], row[0], destination.Row(i));
        }
    }

    private static void ApplyNeumann(Field source, Field destination)
    {
        var last = source.RowCount - 1;
        for (var i = 0; i <= last; i++)
        {
            var row = source.Row(i);
            ApplyRow(source.Row(Math.Max(i - 1, 0)), row, source.Row(Math.Min(i + 1, last)), row[0], row[^1], destination.Row(i));
        }
    }

    private static void ApplyDirichlet(Field source, Field destination)
    {
        var outside = new double[source.ColumnCount];
        var last = source.RowCount - 1;
        for (var i = 0; i <= last; i++)
        {
            var above = i == 0 ? outside : source.Row(i - 1);
            var below = i == last ? outside : source.Row(i + 1);
            ApplyRowRightFirst(above, source.Row(i), below, destination.Row(i));
        }
    }

    /// <summary>One row; <paramref name="left"/> and <paramref name="right"/> are the cells beyond its ends.</summary>
    private static void ApplyRow(
        ReadOnlySpan<double> above, ReadOnlySpan<double> row, ReadOnlySpan<double> below, double left, double right, Span<double> destination)
    {
        for (var j = 0; j < row.Length; j++)
        {
            var leftOfCell = j == 0 ? left : row[j - 1];
            var rightOfCell = j == row.Length - 1 ? right : row[j + 1];
            destination[j] = above[j] + below[j] + leftOfCell + rightOfCell - (4.0 * row[j]);
        }
    }

    /// <summary>One row with zeros beyond its ends. The reference adds the right neighbour before the left one here.</summary>
    private static void ApplyRowRightFirst(
        ReadOnlySpan<double> above, ReadOnlySpan<double> row, ReadOnlySpan<double> below, Span<double> destination)
    {
        for (var j = 0; j < row.Length; j++)
        {
            var leftOfCell = j == 0 ? 0.0 : row[j - 1];
            var rightOfCell = j == row.Length - 1 ? 0.0 : row[j + 1];
            destination[j] = below[j] + above[j] + rightOfCell + leftOfCell - (4.0 * row[j]);
        }
    }
}
