using Mfn.Core.Features;

namespace Mfn.Core.Spectra;

/// <summary>
/// Finds the spots of a field: the connected components of the cells above a threshold, over the rim where the field is periodic.
/// </summary>
public static class SpotFinder
{
    /// <summary>The cells of each spot, in raster order of the spots' first cells.</summary>
    /// <param name="values">Row-major.</param>
    /// <param name="rowCount">At least 1.</param>
    /// <param name="columnCount">At least 1.</param>
    /// <param name="threshold">A cell belongs to a spot if its value is above this.</param>
    /// <param name="connectivity">Which cells are neighbours.</param>
    /// <param name="isPeriodic">Whether opposite rims are neighbours.</param>
    /// <exception cref="ArgumentException">There are not rows x columns values.</exception>
    public static int[] FindSizes(
        ReadOnlySpan<double> values, int rowCount, int columnCount, double threshold, Connectivity connectivity, bool isPeriodic)
    {
        PlaneShape.Check(values, rowCount, columnCount);

        // A forest of cells; a root is the first cell of its spot in raster order.
        var parents = new int[values.Length];
        for (var cell = 0; cell < parents.Length; cell++)
        {
            parents[cell] = values[cell] > threshold ? cell : -1;
        }

        for (var row = 0; row < rowCount; row++)
        {
            for (var column = 0; column < columnCount; column++)
            {
                var cell = (row * columnCount) + column;
                if (parents[cell] < 0)
                {
                    continue;
                }

                Join(cell, row, column + 1);
                Join(cell, row + 1, column);
                if (connectivity == Connectivity.Eight)
                {
                    Join(cell, row + 1, column + 1);
                    Join(cell, row + 1, column - 1);
                }
            }
        }

        var sizes = new int[parents.Length];
        for (var cell = 0; cell < parents.Length; cell++)
        {
            if (parents[cell] >= 0)
            {
                sizes[FindRoot(cell)]++;
            }
        }

        return [.. sizes.Where(size => size > 0)];

        void Join(int cell, int row, int column)
        {
            if (isPeriodic)
            {
                (row, column) = (row % rowCount, (column + columnCount) % columnCount);
            }

            if (row >= rowCount || column < 0 || column >= columnCount || parents[(row * columnCount) + column] < 0)
            {
                return;
            }

            var (first, second) = (FindRoot(cell), FindRoot((row * columnCount) + column));
            parents[Math.Max(first, second)] = Math.Min(first, second);
        }

        int FindRoot(int cell)
        {
            while (parents[cell] != cell)
            {
                parents[cell] = parents[parents[cell]];
                cell = parents[cell];
            }

            return cell;
        }
    }
}
