using System.Runtime.CompilerServices;

namespace Mfn.Core.Spectra;

/// <summary>
/// Disclinations of stripes: the points about which the stripes' direction turns by a multiple of π. A charge of +½ is where a stripe ends
/// in a bend, −½ where three bundles meet; a dislocation is a pair of both.
/// </summary>
/// <remarks>
/// The direction has no sign, so twice its angle is smoothed, the field (⟨u_x² − u_y²⟩, ⟨2 u_x u_y⟩) of averaged squared gradients (M. Kass and
/// A. Witkin, 1987): central differences, then three box averages of 2r + 1 cells along each axis, with r a quarter of the wavelength in
/// cells, which is a Gaussian of about that deviation. A winding of that field by one is a charge of ½.
/// </remarks>
public static class StripeDefects
{
    /// <summary>Counts charges of ½.</summary>
    /// <param name="values">Row-major.</param>
    /// <param name="rowCount">At least 1.</param>
    /// <param name="columnCount">At least 1.</param>
    /// <param name="wavelength">Of the stripes, in cells: at least 2, at most the shorter side.</param>
    /// <param name="isPeriodic">Whether opposite rims are neighbours; otherwise, what lies beyond the rim is a copy of it.</param>
    /// <exception cref="ArgumentException">There are not rows x columns values, or the wavelength is out of its range.</exception>
    public static DefectCounts Count(ReadOnlySpan<double> values, int rowCount, int columnCount, double wavelength, bool isPeriodic)
    {
        PlaneShape.Check(values, rowCount, columnCount);
        if (!(wavelength >= 2 && wavelength <= Math.Min(rowCount, columnCount)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(wavelength), wavelength, $"The wavelength must be from 2 to {Math.Min(rowCount, columnCount)} cells, the shorter side.");
        }

        var (x, y) = (new double[values.Length], new double[values.Length]);
        for (var row = 0; row < rowCount; row++)
        {
            var (above, below) = (Neighbour(row - 1, rowCount, isPeriodic) * columnCount, Neighbour(row + 1, rowCount, isPeriodic) * columnCount);
            for (var column = 0; column < columnCount; column++)
            {
                var start = row * columnCount;
                var alongRow = values[start + Neighbour(column + 1, columnCount, isPeriodic)] - values[start + Neighbour(column - 1, columnCount, isPeriodic)];
                var alongColumn = values[below + column] - values[above + column];
                x[start + column] = (alongRow * alongRow) - (alongColumn * alongColumn);
                y[start + column] = 2 * alongRow * alongColumn;
            }
        }

        var radius = Math.Max(1, (int)((wavelength / 4) + 0.5));
        Smooth(x, rowCount, columnCount, radius, isPeriodic);
        Smooth(y, rowCount, columnCount, radius, isPeriodic);
        return Winding.Count(x, y, rowCount, columnCount, isPeriodic);
    }

    private static int Neighbour(int index, int length, bool isPeriodic) =>
        isPeriodic ? ((index % length) + length) % length : Math.Clamp(index, 0, length - 1);

    private static void Smooth(double[] values, int rowCount, int columnCount, int radius, bool isPeriodic)
    {
        var line = new double[Math.Max(rowCount, columnCount) + (2 * radius)];
        for (var pass = 0; pass < 3; pass++)
        {
            for (var row = 0; row < rowCount; row++)
            {
                SmoothLine(values, row * columnCount, 1, line.AsSpan(0, columnCount + (2 * radius)), radius, isPeriodic);
            }

            for (var column = 0; column < columnCount; column++)
            {
                SmoothLine(values, column, columnCount, line.AsSpan(0, rowCount + (2 * radius)), radius, isPeriodic);
            }
        }
    }

    /// <summary>Smooths what lies in a line.</summary>
    /// <param name="values">The field.</param>
    /// <param name="start">The line's first cell.</param>
    /// <param name="stride">The cells from one to the next.</param>
    /// <param name="line">Room for the line, and for what lies beyond its ends.</param>
    /// <param name="radius">Of the average.</param>
    /// <param name="isPeriodic">Whether the ends are neighbours.</param>
    // Compiled for good at once: most of the time is in the inner loop, and few call this often.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SmoothLine(double[] values, int start, int stride, Span<double> line, int radius, bool isPeriodic)
    {
        var length = line.Length - (2 * radius);
        for (var i = 0; i < length; i++)
        {
            line[radius + i] = values[start + (i * stride)];
        }

        for (var i = 1; i <= radius; i++)
        {
            line[radius - i] = line[radius + Neighbour(-i, length, isPeriodic)];
            line[radius + length - 1 + i] = line[radius + Neighbour(length - 1 + i, length, isPeriodic)];
        }

        for (var i = 0; i < length; i++)
        {
            // Sums anew for each cell: a running sum would carry rounding from one end to the other.
            var sum = 0.0;
            foreach (var value in line.Slice(i, (2 * radius) + 1))
            {
                sum += value;
            }

            values[start + (i * stride)] = sum / ((2 * radius) + 1);
        }
    }
}
