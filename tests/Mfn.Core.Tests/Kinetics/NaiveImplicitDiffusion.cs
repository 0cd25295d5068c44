using Mfn.Core.Fields;
using Mfn.Core.Kinetics;

namespace Mfn.Core.Tests.Kinetics;

/// <summary>(1 − λδₓ²)(1 − λδᵧ²) of a field, cell by cell.</summary>
internal static class NaiveImplicitDiffusion
{
    public static double[] Apply(double[] cells, int rowCount, int columnCount, double ratio, SpeciesBoundary boundary)
    {
        var alongColumns = Along(cells, rowCount, columnCount, ratio, boundary, 1, 0);
        return Along(alongColumns, rowCount, columnCount, ratio, boundary, 0, 1);
    }

    private static double[] Along(double[] cells, int rowCount, int columnCount, double ratio, SpeciesBoundary boundary, int down, int right)
    {
        var result = new double[cells.Length];
        for (var row = 0; row < rowCount; row++)
        {
            for (var column = 0; column < columnCount; column++)
            {
                var here = cells[(row * columnCount) + column];
                var difference = At(row - down, column - right, here) - (2 * here) + At(row + down, column + right, here);
                result[(row * columnCount) + column] = here - (ratio * difference);
            }
        }

        return result;

        double At(int row, int column, double here) => boundary.Kind switch
        {
            _ when row >= 0 && row < rowCount && column >= 0 && column < columnCount => cells[(row * columnCount) + column],
            Boundary.Periodic => cells[((row + rowCount) % rowCount * columnCount) + ((column + columnCount) % columnCount)],
            Boundary.Neumann => here,
            _ => boundary.Value,
        };
    }
}
