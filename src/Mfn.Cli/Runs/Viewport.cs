using Mfn.Cli.Pictures;

namespace Mfn.Cli.Runs;

/// <summary>The part of a field that is looked at, and the cursor in it.</summary>
internal sealed class Viewport
{
    private const int LeastExtent = 8;

    private readonly CellArea _world;

    public Viewport(CellArea world) => _world = Area = world;

    /// <summary>The cells that are shown.</summary>
    public CellArea Area { get; private set; }

    /// <summary>The cell that the cursor is on, once it was moved.</summary>
    public (int Row, int Column)? Cursor { get; private set; }

    /// <summary>Whether all is shown.</summary>
    public bool IsWhole => Area == _world;

    // Where the cursor is or would be.
    private (int Row, int Column) Focus => Cursor ?? (Area.Row + (Area.RowCount / 2), Area.Column + (Area.ColumnCount / 2));

    /// <summary>Moves the cursor, by so many pixels if cells share one; what is shown follows it. The first move puts it into the middle.</summary>
    public void Move(int rows, int columns, int width, int height)
    {
        if (Cursor is not { } cursor)
        {
            Cursor = Focus;
            return;
        }

        var step = CellsPerPixel(width, height);
        Cursor = cursor = (
            Math.Clamp(cursor.Row + (rows * step), _world.Row, _world.Row + _world.RowCount - 1),
            Math.Clamp(cursor.Column + (columns * step), _world.Column, _world.Column + _world.ColumnCount - 1));
        if (!Area.Contains(cursor.Row, cursor.Column))
        {
            Area = CellArea.Around(cursor.Row, cursor.Column, Area.RowCount, Area.ColumnCount, _world);
        }
    }

    /// <summary>Shows half as many rows and columns, around the cursor.</summary>
    public void ZoomIn() => ZoomTo(Math.Max(Area.RowCount / 2, LeastExtent), Math.Max(Area.ColumnCount / 2, LeastExtent));

    /// <summary>Shows twice as many rows and columns, up to all.</summary>
    public void ZoomOut() => ZoomTo(Area.RowCount * 2, Area.ColumnCount * 2);

    /// <summary>The cells around the cursor that a pixel shows, and three rows and columns at least.</summary>
    public CellArea AroundCursor(int width, int height)
    {
        var extent = Math.Max(3, CellsPerPixel(width, height));
        return CellArea.Around(Focus.Row, Focus.Column, extent, extent, _world);
    }

    /// <summary>What to ask for so that a picture in a window of so many characters has a value a pixel at least, and few more.</summary>
    public FrameCut Cut(int width, int height)
    {
        var (rows, columns) = TerminalPicture.Fit(Area.RowCount, Area.ColumnCount, Math.Max(1, width), Math.Max(1, height));
        var downsampling = Math.Max(1, Math.Min(Area.RowCount / rows, Area.ColumnCount / columns));
        return new FrameCut(IsWhole ? null : Area, downsampling);
    }

    private int CellsPerPixel(int width, int height)
    {
        var (rows, _) = TerminalPicture.Fit(Area.RowCount, Area.ColumnCount, Math.Max(1, width), Math.Max(1, height));
        return Math.Max(1, Area.RowCount / rows);
    }

    private void ZoomTo(int rowCount, int columnCount) => Area = CellArea.Around(Focus.Row, Focus.Column, rowCount, columnCount, _world);
}
