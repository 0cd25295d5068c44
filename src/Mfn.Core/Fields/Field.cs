namespace Mfn.Core.Fields;

/// <summary>A 2-D grid of cells, row-major. It owns its memory, and whoever holds it may write to it.</summary>
public sealed class Field
{
    private readonly double[] _values;

    /// <summary>A field of zeros.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no row or no column.</exception>
    public Field(int rowCount, int columnCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnCount, 1);

        RowCount = rowCount;
        ColumnCount = columnCount;
        _values = new double[checked(rowCount * columnCount)];
    }

    /// <summary>A field that starts as a copy of row-major values.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the cells.</exception>
    public Field(int rowCount, int columnCount, ReadOnlySpan<double> values)
        : this(rowCount, columnCount)
    {
        if (values.Length != _values.Length)
        {
            throw new ArgumentException(
                $"A {rowCount} x {columnCount} field needs {_values.Length} values, but got {values.Length}.", nameof(values));
        }

        values.CopyTo(_values);
    }

    private Field(double[] values, int rowCount, int columnCount)
    {
        _values = values;
        RowCount = rowCount;
        ColumnCount = columnCount;
    }

    /// <summary>The number of rows.</summary>
    public int RowCount { get; }

    /// <summary>The number of cells in a row.</summary>
    public int ColumnCount { get; }

    /// <summary>A field whose memory is that of the row-major values, which belong to it from now on.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the cells, or none.</exception>
    public static Field Owning(double[] values, int rowCount, int columnCount)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columnCount, 1);
        return values.Length == (long)rowCount * columnCount
            ? new Field(values, rowCount, columnCount)
            : throw new ArgumentException($"A {rowCount} x {columnCount} field cannot have {values.Length} values.", nameof(values));
    }

    /// <summary>All cells, row after row.</summary>
    public Span<double> Cells => _values;

    /// <summary>One cell.</summary>
    public ref double this[int row, int column] => ref Row(row)[column];

    /// <summary>The cells of one row.</summary>
    public Span<double> Row(int row) => _values.AsSpan(row * ColumnCount, ColumnCount);

    /// <summary>Refuses to be the destination of an operator on a field of another shape.</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    internal void RequireShapeOf(Field source, string name)
    {
        if (source.RowCount != RowCount || source.ColumnCount != ColumnCount)
        {
            throw new ArgumentException(
                $"The source is {source.RowCount} x {source.ColumnCount}, but the destination is {RowCount} x {ColumnCount}.", name);
        }
    }

    /// <summary>Moves every cell into the given range and returns how many cells that changed. NaN stays NaN and counts as unchanged.</summary>
    public int Clamp(double lowest, double highest)
    {
        var changedCount = 0;
        foreach (ref var cell in Cells)
        {
            var clamped = cell < lowest ? lowest : cell > highest ? highest : cell;
            changedCount += cell < lowest || cell > highest ? 1 : 0;
            cell = clamped;
        }

        return changedCount;
    }
}
