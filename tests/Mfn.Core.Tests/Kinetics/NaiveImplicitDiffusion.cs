using System.Numerics;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;

namespace Mfn.Core.Tests.Kinetics;

/// <summary>(1 − λδₓ²)(1 − λδᵧ²) of a field and its inverse, cell by cell.</summary>
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

    /// <summary>Line by line with the documented operations: along rows, then along columns.</summary>
    public static T[] Solve<T>(T[] rightSide, int rowCount, int columnCount, double ratio, SpeciesBoundary boundary)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var cells = (T[])rightSide.Clone();
        for (var row = 0; row < rowCount; row++)
        {
            SolveLine(cells, row * columnCount, 1, columnCount, ratio, boundary);
        }

        for (var column = 0; column < columnCount; column++)
        {
            SolveLine(cells, column, columnCount, rowCount, ratio, boundary);
        }

        return cells;
    }

    private static void SolveLine<T>(T[] cells, int first, int stride, int length, double ratio, SpeciesBoundary boundary)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var source = C(boundary.Kind == Boundary.Dirichlet ? ratio * boundary.Value : 0);
        Cell(0) += source;
        Cell(length - 1) += source;

        var isClosed = boundary.Kind == Boundary.Periodic && length > 1;
        var count = isClosed ? length - 1 : length;
        var (inverse, carry) = (new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            // A neighbour beyond a rim that nothing flows through is the cell itself, as is that of a closed line's only cell.
            var neighbourCount = boundary.Kind switch
            {
                Boundary.Neumann => (i > 0 ? 1 : 0) + (i < length - 1 ? 1 : 0),
                Boundary.Periodic when length == 1 => 0,
                _ => 2,
            };
            inverse[i] = 1 / (1 + (neighbourCount * ratio) - (i > 0 ? ratio * carry[i - 1] : 0));
            carry[i] = ratio * inverse[i];
            Cell(i) = i > 0 ? T.FusedMultiplyAdd(C(carry[i]), Cell(i - 1), C(inverse[i]) * Cell(i)) : C(inverse[i]) * Cell(i);
        }

        if (!isClosed)
        {
            for (var i = count - 2; i >= 0; i--)
            {
                Cell(i) = T.FusedMultiplyAdd(C(carry[i]), Cell(i + 1), Cell(i));
            }

            return;
        }

        // The first cell without the last one's share, from what went forward.
        var (sum, weight) = (Cell(0), 1.0);
        for (var i = 1; i < count; i++)
        {
            weight = Kept(weight * carry[i - 1]);
            sum = weight == 0 ? sum : T.FusedMultiplyAdd(C(weight), Cell(i), sum);
        }

        // The solution of a line whose right side is what both its ends gain from a last cell of 1.
        var fill = new double[count];
        for (var i = 0; i < count; i++)
        {
            var given = (i == 0 ? ratio : 0) + (i == count - 1 ? ratio : 0);
            fill[i] = (inverse[i] * given) + (i > 0 ? Kept(carry[i] * fill[i - 1]) : 0);
        }

        for (var i = count - 2; i >= 0; i--)
        {
            fill[i] += Kept(carry[i] * fill[i + 1]);
        }

        Cell(count) = T.FusedMultiplyAdd(C(ratio), Cell(count - 1) + sum, Cell(count)) * C(1 / (1 + (2 * ratio) - (ratio * (fill[0] + fill[count - 1]))));
        var alone = Cell(count - 1);
        for (var i = count - 1; i >= 0; i--)
        {
            alone = i < count - 1 ? T.FusedMultiplyAdd(C(carry[i]), alone, Cell(i)) : alone;
            Cell(i) = T.FusedMultiplyAdd(C(fill[i]), Cell(count), alone);
        }

        ref T Cell(int i) => ref cells[first + (i * stride)];
        static T C(double value) => T.CreateChecked(value);
        static double Kept(double product) => product < 1e-30 ? 0 : product;
    }
}
