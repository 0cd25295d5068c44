namespace Mfn.Core.Spectra;

/// <summary>How often a vector turns around on the way about four neighbouring cells. Signs and products decide, no angle is computed.</summary>
internal static class Winding
{
    /// <summary>Adds up the windings about all squares of four cells, counterclockwise where rows run downwards and columns to the right is (x, y) = (column, row).</summary>
    public static DefectCounts Count(ReadOnlySpan<double> x, ReadOnlySpan<double> y, int rowCount, int columnCount, bool isPeriodic)
    {
        var (positive, negative) = (0, 0);
        var (lastRow, lastColumn) = isPeriodic ? (rowCount, columnCount) : (rowCount - 1, columnCount - 1);
        for (var row = 0; row < lastRow; row++)
        {
            var (above, below) = (row * columnCount, (row + 1) % rowCount * columnCount);
            for (var column = 0; column < lastColumn; column++)
            {
                var right = (column + 1) % columnCount;
                var (a, b, c, d) = (above + column, above + right, below + right, below + column);
                var turns = Crossing(x[a], y[a], x[b], y[b]) + Crossing(x[b], y[b], x[c], y[c])
                    + Crossing(x[c], y[c], x[d], y[d]) + Crossing(x[d], y[d], x[a], y[a]);
                positive += Math.Max(turns, 0);
                negative += Math.Max(-turns, 0);
            }
        }

        return new DefectCounts(positive, negative);
    }

    /// <summary>Whether the way from one vector to the next crosses the positive x axis: 1 upwards, −1 downwards.</summary>
    private static int Crossing(double fromX, double fromY, double toX, double toY)
    {
        if (fromY >= 0 == toY >= 0)
        {
            return 0;
        }

        var cross = (fromX * toY) - (fromY * toX);
        return toY >= 0 ? (cross > 0 ? 1 : 0) : (cross < 0 ? -1 : 0);
    }
}
