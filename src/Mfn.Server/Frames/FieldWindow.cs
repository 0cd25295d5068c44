namespace Mfn.Server.Frames;

/// <summary>A rectangle of a field's cells, of which squares are taken together.</summary>
/// <param name="Row">The first row; from 0.</param>
/// <param name="Column">The first column; from 0.</param>
/// <param name="RowCount">The rows; at least 1.</param>
/// <param name="ColumnCount">The columns; at least 1.</param>
/// <param name="Downsampling">The side of a square, cut off at the rectangle's last row and column; at least 1.</param>
internal readonly record struct FieldWindow(int Row, int Column, int RowCount, int ColumnCount, int Downsampling)
{
    /// <summary>Whose cells: the place in <see cref="Mfn.Core.Simulation.SimulationSpec.SpeciesSymbols"/>.</summary>
    public int Species { get; init; }

    /// <summary>The rows of squares.</summary>
    public int SquareRowCount => (RowCount + Downsampling - 1) / Downsampling;

    /// <summary>The squares in a row.</summary>
    public int SquareColumnCount => (ColumnCount + Downsampling - 1) / Downsampling;

    /// <summary>All squares.</summary>
    public int SquareCount => SquareRowCount * SquareColumnCount;

    /// <summary>All cells of a square field.</summary>
    public static FieldWindow Whole(int gridSize, int downsampling = 1) => new(0, 0, gridSize, gridSize, downsampling);

    /// <summary>Whether no cell of a field lies outside.</summary>
    public bool IsWhole(int rowCount, int columnCount) => Row == 0 && Column == 0 && RowCount == rowCount && ColumnCount == columnCount;

    /// <summary>
    /// Writes the mean of each square. A square of one cell is that cell; for others the cells are added to zero one after the other, row by row,
    /// and the sum is divided by their number, which defines the mean to the bit.
    /// </summary>
    /// <param name="field">The whole field, row after row.</param>
    /// <param name="fieldColumnCount">The cells in a row of it.</param>
    /// <param name="means">Room for just all squares.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window exceeds the field.</exception>
    public void Extract(ReadOnlySpan<double> field, int fieldColumnCount, Span<double> means)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Column + ColumnCount, fieldColumnCount);
        for (var squareRow = 0; squareRow < SquareRowCount; squareRow++)
        {
            var firstRow = Row + (squareRow * Downsampling);
            var rowCount = Math.Min(Downsampling, Row + RowCount - firstRow);
            var destination = means.Slice(squareRow * SquareColumnCount, SquareColumnCount);
            if (Downsampling == 1)
            {
                RowOf(field, fieldColumnCount, firstRow).CopyTo(destination);
                continue;
            }

            destination.Clear();
            for (var row = firstRow; row < firstRow + rowCount; row++)
            {
                AddSquares(RowOf(field, fieldColumnCount, row), destination);
            }

            Divide(destination, rowCount);
        }
    }

    private ReadOnlySpan<double> RowOf(ReadOnlySpan<double> field, int fieldColumnCount, int row) =>
        field.Slice((row * fieldColumnCount) + Column, ColumnCount);

    /// <summary>Adds each of a row's cells to its square's sum.</summary>
    private void AddSquares(ReadOnlySpan<double> row, Span<double> sums)
    {
        foreach (ref var sum in sums)
        {
            var width = Math.Min(Downsampling, row.Length);
            var total = sum;
            foreach (var cell in row[..width])
            {
                total += cell;
            }

            sum = total;
            row = row[width..];
        }
    }

    private void Divide(Span<double> sums, int rowCount)
    {
        var lastWidth = ColumnCount - ((sums.Length - 1) * Downsampling);
        foreach (ref var sum in sums[..^1])
        {
            sum /= rowCount * Downsampling;
        }

        sums[^1] /= rowCount * lastWidth;
    }
}
