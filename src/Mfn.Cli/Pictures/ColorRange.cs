namespace Mfn.Cli.Pictures;

/// <summary>The potentials in volts that get the first and the last colour.</summary>
internal readonly record struct ColorRange(double Low, double High)
{
    /// <summary>From the least to the greatest potential of a field.</summary>
    public static ColorRange Of(ReadOnlySpan<double> volts)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var potential in volts)
        {
            low = Math.Min(low, potential);
            high = Math.Max(high, potential);
        }

        return new ColorRange(low, high);
    }

    /// <summary>The colour of a potential.</summary>
    public byte Level(double volts) => ColorMap.Level(volts, Low, High);
}
