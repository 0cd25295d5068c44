using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>A rectangle of a run's cells.</summary>
/// <param name="Row">First row; from 0.</param>
/// <param name="Column">First column; from 0.</param>
/// <param name="RowCount">Number of rows; at least 1.</param>
/// <param name="ColumnCount">Number of columns; at least 1.</param>
internal readonly record struct CellArea(int Row, int Column, int RowCount, int ColumnCount)
{
    public static CellArea Of(Region region) => new(region.Row, region.Column, region.Rows, region.Columns);

    public Region ToRegion() => new() { Row = Row, Column = Column, Rows = RowCount, Columns = ColumnCount };

    /// <summary>The area of this size around a cell, moved as far as it must be to lie in another one.</summary>
    public static CellArea Around(int row, int column, int rowCount, int columnCount, CellArea world)
    {
        var (rows, columns) = (Math.Min(rowCount, world.RowCount), Math.Min(columnCount, world.ColumnCount));
        return new CellArea(
            Math.Clamp(row - (rows / 2), world.Row, world.Row + world.RowCount - rows),
            Math.Clamp(column - (columns / 2), world.Column, world.Column + world.ColumnCount - columns),
            rows,
            columns);
    }

    public bool Contains(int row, int column) => row >= Row && row < Row + RowCount && column >= Column && column < Column + ColumnCount;
}
