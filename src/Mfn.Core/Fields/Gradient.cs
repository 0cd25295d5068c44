namespace Mfn.Core.Fields;

/// <summary>Differences along both axes on a lattice of unit spacing: central inside, (next - previous) / 2.</summary>
/// <remarks>On a torus they are central everywhere; with another boundary they are one-sided, and not halved, at the rim.</remarks>
public static class Gradient
{
    /// <summary>Writes the derivative along the rows' index and the one along the columns' index.</summary>
    /// <exception cref="ArgumentException">The fields differ in shape.</exception>
    public static void Apply(Field source, Boundary boundary, Field acrossRows, Field acrossColumns)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(acrossRows);
        ArgumentNullException.ThrowIfNull(acrossColumns);
        acrossRows.RequireShapeOf(source, nameof(acrossRows));
        acrossColumns.RequireShapeOf(source, nameof(acrossColumns));

        var isTorus = boundary == Boundary.Periodic;
        for (var i = 0; i < source.RowCount; i++)
        {
            for (var j = 0; j < source.ColumnCount; j++)
            {
                var (row, column) = (i, j);
                acrossRows[i, j] = Difference(i, source.RowCount, isTorus, k => source[k, column]);
                acrossColumns[i, j] = Difference(j, source.ColumnCount, isTorus, k => source[row, k]);
            }
        }
    }

    private static double Difference(int index, int count, bool isTorus, Func<int, double> at)
    {
        if (count == 1)
        {
            return 0.0;
        }

        if (isTorus || (index > 0 && index < count - 1))
        {
            return (at((index + 1) % count) - at((index + count - 1) % count)) / 2.0;
        }

        return index == 0 ? at(1) - at(0) : at(index) - at(index - 1);
    }
}
