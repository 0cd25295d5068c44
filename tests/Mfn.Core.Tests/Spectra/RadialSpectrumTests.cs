using Mfn.Core.Randomness;
using Mfn.Core.Spectra;

namespace Mfn.Core.Tests.Spectra;

public sealed class RadialSpectrumTests
{
    [Theory]
    [InlineData(64, 64, 0, 8, 0.5)]
    [InlineData(64, 64, 3, 4, 1.0)]
    [InlineData(48, 100, 5, 12, 2.0)]
    [InlineData(30, 37, 4, 0, 0.25)]
    [InlineData(31, 64, 15, 32, 1.0)]
    public void Of_StripesOfAMode_HaveItsWavelengthAndNoSpread(int rowCount, int columnCount, int m, int n, double cellWidth)
    {
        var values = SyntheticPatterns.Stripes(rowCount, columnCount, m, n).Select(value => 5 + (2 * value)).ToArray();

        var spectrum = RadialSpectrum.Of(values, rowCount, columnCount, cellWidth, isPeriodic: true);

        // k = 2π √((m/H)² + (n/W)²).
        var (height, width) = (rowCount * cellWidth, columnCount * cellWidth);
        var wavelength = 1 / Math.Sqrt((m / height * (m / height)) + (n / width * (n / width)));
        Assert.Equal(wavelength, spectrum.MeanWavelength, 1e-10 * wavelength);
        Assert.InRange(spectrum.WavelengthSpread, 0, 1e-6 * wavelength);
        Assert.Equal(2 * Math.PI / Math.Max(height, width), spectrum.ShellWidth, 1e-14);

        // A cosine of amplitude 2 has the variance 2.
        Assert.Equal(2, spectrum.Variance, 1e-12);
        Assert.Equal(2, spectrum.Shells[(int)((2 * Math.PI / wavelength / spectrum.ShellWidth) + 0.5)], 1e-12);
        Assert.InRange(Math.Abs((2 * Math.PI / spectrum.PeakWavelength) - (2 * Math.PI / wavelength)), 0, spectrum.ShellWidth / 2);
    }

    [Fact]
    public void Of_TwoWaves_HaveTheMeanAndTheDeviationOfTheirWavenumbers()
    {
        var (a, b) = (SyntheticPatterns.Stripes(64, 64, 0, 4), SyntheticPatterns.Stripes(64, 64, 8, 0));
        var values = a.Zip(b, (x, y) => x + (Math.Sqrt(3) * y)).ToArray();

        var spectrum = RadialSpectrum.Of(values, 64, 64, 1, isPeriodic: true);

        // A quarter of the power at 4, three quarters at 8: mean 7, deviation √3.
        var unit = 2 * Math.PI / 64;
        Assert.Equal(7 * unit, spectrum.MeanWavenumber, 1e-12);
        Assert.Equal(Math.Sqrt(3) * unit, spectrum.WavenumberDeviation, 1e-12);
        Assert.Equal(64.0 / 7, spectrum.MeanWavelength, 1e-11);
        Assert.Equal(64.0 / 7 * Math.Sqrt(3) / 7, spectrum.WavelengthSpread, 1e-11);
        Assert.Equal(8, spectrum.PeakWavelength, 1e-9);
    }

    [Theory]
    [InlineData(24, 24)]
    [InlineData(25, 18)]
    [InlineData(37, 41)]
    [InlineData(1, 50)]
    public void Of_Noise_HasShellsThatAddUpToTheVariance(int rowCount, int columnCount)
    {
        var values = new double[rowCount * columnCount];
        new RandomGenerator(1).FillStandardNormal(values);

        var spectrum = RadialSpectrum.Of(values, rowCount, columnCount, 1, isPeriodic: true);

        var mean = values.Average();
        var variance = values.Average(value => (value - mean) * (value - mean));
        Assert.Equal(variance, spectrum.Variance, 1e-12);
        Assert.Equal(variance, spectrum.Shells.Sum(), 1e-12);
        Assert.Equal(0, spectrum.Shells[0]);
    }

    [Fact]
    public void Of_StripesThatDoNotCloseAtTheRim_KeepTheirWavelengthUnderTheWindow()
    {
        const double Wavelength = 9.3;
        var values = SyntheticPatterns.Field(100, 130, (row, column) => Math.Cos(2 * Math.PI * ((0.6 * row) + (0.8 * column)) / Wavelength));

        var windowed = RadialSpectrum.Of(values, 100, 130, 1, isPeriodic: false);

        Assert.Equal(Wavelength, windowed.MeanWavelength, 0.01 * Wavelength);
        Assert.Equal(Wavelength, windowed.PeakWavelength, 0.02 * Wavelength);
        Assert.Equal(0.5, windowed.Variance, 0.01);

        // What the window is for: without it, the jumps at the rim spread the power.
        Assert.True(windowed.WavelengthSpread < RadialSpectrum.Of(values, 100, 130, 1, isPeriodic: true).WavelengthSpread / 2);
    }

    [Fact]
    public void Of_TransposedField_IsTheSame()
    {
        var values = new double[30 * 44];
        new RandomGenerator(2).FillStandardNormal(values);
        var transposed = SyntheticPatterns.Field(44, 30, (row, column) => values[(column * 44) + row]);

        var (spectrum, other) = (RadialSpectrum.Of(values, 30, 44, 1, true), RadialSpectrum.Of(transposed, 44, 30, 1, true));

        Assert.Equal(spectrum.MeanWavelength, other.MeanWavelength, 1e-11);
        Assert.Equal(spectrum.WavelengthSpread, other.WavelengthSpread, 1e-11);
    }

    [Fact]
    public void Of_UniformField_HasNoWavelength()
    {
        var spectrum = RadialSpectrum.Of(Enumerable.Repeat(0.1, 7 * 9).ToArray(), 7, 9, 1, isPeriodic: true);

        Assert.Equal(0, spectrum.Variance);
        Assert.True(double.IsNaN(spectrum.MeanWavelength) && double.IsNaN(spectrum.WavelengthSpread) && double.IsNaN(spectrum.PeakWavelength));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Of_CellWidthOutOfRange_Throws(double cellWidth) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RadialSpectrum.Of(new double[4], 2, 2, cellWidth, isPeriodic: true));
}
