using System.Collections.Immutable;

namespace Mfn.Core.Spectra;

/// <summary>
/// How the variance of a field divides among wavenumbers whatever their direction. A mode (m, n) of a box of height H = rows · h and width
/// W = columns · h has the wavenumber k = 2π √((m/H)² + (n/W)²), m and n signed, and the power |X_mn|² / cells²; the mean is taken out first.
/// </summary>
/// <remarks>
/// The field counts as periodic. Otherwise, a Hann window along each axis, sin²(π (i + ½) / length), takes the jump at the rim away: the mean
/// that is taken out is then the weighted one, and powers are divided by the window's mean square, so that they still add up to a variance.
/// All sums run in row-major order of (m, n).
/// </remarks>
public sealed class RadialSpectrum
{
    private RadialSpectrum(double shellWidth, ImmutableArray<double> shells, double variance, double meanWavenumber, double wavenumberDeviation)
    {
        ShellWidth = shellWidth;
        Shells = shells;
        Variance = variance;
        MeanWavenumber = meanWavenumber;
        WavenumberDeviation = wavenumberDeviation;
    }

    /// <summary>Δk = 2π / max(H, W). Shell s has the modes with k from (s − ½) Δk, and below (s + ½) Δk.</summary>
    public double ShellWidth { get; }

    /// <summary>The power of each shell from 0 to that of the largest wavenumber; shell 0 is 0, for the mean is no part of it.</summary>
    public ImmutableArray<double> Shells { get; }

    /// <summary>The sum of all powers: without a window, the field's variance (Parseval).</summary>
    public double Variance { get; }

    /// <summary>k̄ = Σ P k / Σ P; NaN if the field is uniform.</summary>
    public double MeanWavenumber { get; }

    /// <summary>σ_k = √(Σ P (k − k̄)² / Σ P); NaN if the field is uniform.</summary>
    public double WavenumberDeviation { get; }

    /// <summary>λ̄ = 2π / k̄; NaN if the field is uniform.</summary>
    public double MeanWavelength => 2 * Math.PI / MeanWavenumber;

    /// <summary>The spread of the wavelength, λ̄ σ_k / k̄: what σ_k means for λ to the first order. NaN if the field is uniform.</summary>
    public double WavelengthSpread => MeanWavelength * (WavenumberDeviation / MeanWavenumber);

    /// <summary>2π / k of the strongest shell: of the centroid of its power and its two neighbours'. NaN if the field is uniform.</summary>
    public double PeakWavelength
    {
        get
        {
            var peak = 0;
            for (var shell = 1; shell < Shells.Length; shell++)
            {
                peak = Shells[shell] > Shells[peak] ? shell : peak;
            }

            var (power, moment) = (0.0, 0.0);
            for (var shell = Math.Max(peak - 1, 1); shell <= Math.Min(peak + 1, Shells.Length - 1); shell++)
            {
                power += Shells[shell];
                moment += Shells[shell] * shell;
            }

            return 2 * Math.PI / (moment / power * ShellWidth);
        }
    }

    /// <summary>The spectrum of a field.</summary>
    /// <param name="values">Finite, row-major.</param>
    /// <param name="rowCount">At least 1.</param>
    /// <param name="columnCount">At least 1.</param>
    /// <param name="cellWidth">h: finite, above 0.</param>
    /// <param name="isPeriodic">Whether opposite rims are neighbours; otherwise, the field is windowed.</param>
    /// <exception cref="ArgumentException">There are not rows x columns values, or an argument is out of its range.</exception>
    public static RadialSpectrum Of(ReadOnlySpan<double> values, int rowCount, int columnCount, double cellWidth, bool isPeriodic)
    {
        PlaneShape.Check(values, rowCount, columnCount);
        if (!double.IsFinite(cellWidth) || cellWidth <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(cellWidth), cellWidth, "The cell width must be finite and above 0.");
        }

        var (deviations, divisor) = Deviations(values, rowCount, columnCount, isPeriodic);
        var transform = new FieldTransform(rowCount, columnCount);
        var width = transform.CoefficientColumnCount;
        var real = new double[rowCount * width];
        var imaginary = new double[real.Length];
        transform.Forward(deviations, real, imaginary);

        // Wavenumbers in units of the shells' width.
        var longest = Math.Max(rowCount, columnCount);
        var (rowUnit, columnUnit) = ((double)longest / rowCount, (double)longest / columnCount);
        var wavenumbers = new double[real.Length];
        var powers = real;
        for (var row = 0; row < rowCount; row++)
        {
            for (var column = 0; column < width; column++)
            {
                var index = (row * width) + column;
                var (m, n) = (Math.Min(row, rowCount - row) * rowUnit, column * columnUnit);
                wavenumbers[index] = Math.Sqrt((m * m) + (n * n));

                // A column stands for its mirror image, unless it is that itself.
                var count = column == 0 || 2 * column == columnCount ? 1 : 2;
                powers[index] = count * (((real[index] * real[index]) + (imaginary[index] * imaginary[index])) / divisor);
            }
        }

        // What rounding leaves of the mean.
        powers[0] = 0;
        return Of(powers, wavenumbers, 2 * Math.PI / (longest * cellWidth));
    }

    private static RadialSpectrum Of(double[] powers, double[] wavenumbers, double unit)
    {
        var shells = new double[(int)(wavenumbers.Max() + 0.5) + 1];
        var (variance, moment, spread) = (0.0, 0.0, 0.0);
        for (var mode = 0; mode < powers.Length; mode++)
        {
            variance += powers[mode];
            moment += powers[mode] * wavenumbers[mode];
            shells[(int)(wavenumbers[mode] + 0.5)] += powers[mode];
        }

        var mean = moment / variance;
        for (var mode = 0; mode < powers.Length; mode++)
        {
            spread += powers[mode] * ((wavenumbers[mode] - mean) * (wavenumbers[mode] - mean));
        }

        return new RadialSpectrum(unit, [.. shells], variance, mean * unit, Math.Sqrt(spread / variance) * unit);
    }

    /// <summary>The field without its mean, windowed unless periodic, and what squares of coefficients are to be divided by.</summary>
    private static (double[] Deviations, double Divisor) Deviations(ReadOnlySpan<double> values, int rowCount, int columnCount, bool isPeriodic)
    {
        var isUniform = PlaneShape.IsUniform(values);
        var rowWindow = isPeriodic ? null : Window(rowCount);
        var columnWindow = isPeriodic ? null : Window(columnCount);
        var (sum, weights, squares) = (0.0, 0.0, 0.0);
        for (var cell = 0; cell < values.Length; cell++)
        {
            var weight = Weight(cell);
            sum += values[cell] * weight;
            weights += weight;
            squares += weight * weight;
        }

        var mean = sum / weights;
        var deviations = new double[values.Length];
        for (var cell = 0; cell < values.Length && !isUniform; cell++)
        {
            deviations[cell] = (values[cell] - mean) * Weight(cell);
        }

        return (deviations, values.Length * squares);

        double Weight(int cell) => rowWindow is null || columnWindow is null ? 1 : rowWindow[cell / columnCount] * columnWindow[cell % columnCount];
    }

    private static double[] Window(int length)
    {
        var window = new double[length];
        for (var i = 0; i < length; i++)
        {
            window[i] = (1 - RootsOfUnity.At((2L * i) + 1, 2L * length).Cosine) / 2;
        }

        return window;
    }
}
