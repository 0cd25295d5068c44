namespace Mfn.Core.Tests.Spectra;

/// <summary>Fields whose wavelengths, spots and defects are known from how they are made.</summary>
internal static class SyntheticPatterns
{
    public static double[] Field(int rowCount, int columnCount, Func<int, int, double> value) =>
        [.. Enumerable.Range(0, rowCount * columnCount).Select(cell => value(cell / columnCount, cell % columnCount))];

    /// <summary>Stripes of a mode of a periodic box.</summary>
    public static double[] Stripes(int rowCount, int columnCount, int m, int n) =>
        Field(rowCount, columnCount, (row, column) => Math.Cos(2 * Math.PI * (((double)m * row / rowCount) + ((double)n * column / columnCount))));

    /// <summary>
    /// Three modes at 120° that close: (0, 2n), (m, −n), (−m, −n), with m / rows = √3 n / columns for equal wavelengths. One spot for each point
    /// of the lattice: 2 m n in the box.
    /// </summary>
    public static double[] Hexagons(int rowCount, int columnCount, int m, int n) => Field(rowCount, columnCount, (row, column) =>
    {
        var (x, y) = (2 * Math.PI * n * column / columnCount, 2 * Math.PI * m * row / rowCount);
        return Math.Cos(2 * x) + Math.Cos(y - x) + Math.Cos(-y - x);
    });

    /// <summary>The first species of a spiral of <paramref name="armCount"/> arms (its sign is the sense of turning) about a point, with the second a quarter turn behind.</summary>
    public static (double[] U, double[] V) Spiral(int extent, double row, double column, int armCount, double wavelength)
    {
        return (Field(extent, extent, (r, c) => Amplitude(r, c) * Math.Cos(Phase(r, c))), Field(extent, extent, (r, c) => Amplitude(r, c) * Math.Sin(Phase(r, c))));

        double Radius(int r, int c) => Math.Sqrt(((r - row) * (r - row)) + ((c - column) * (c - column)));

        double Amplitude(int r, int c) => Math.Tanh(Radius(r, c) / 2);

        double Phase(int r, int c) => (armCount * Math.Atan2(r - row, c - column)) - (2 * Math.PI * Radius(r, c) / wavelength);
    }
}
