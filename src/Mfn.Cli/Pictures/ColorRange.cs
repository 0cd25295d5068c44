using System.Globalization;

namespace Mfn.Cli.Pictures;

/// <summary>The potentials in volts that get the first and the last colour.</summary>
internal readonly record struct ColorRange(double Low, double High)
{
    private const double MillivoltsPerVolt = 1000;

    // Below it a field counts as even: its differences are not blown up to all colours.
    private const double LeastSpanMillivolts = 0.1;
    private const int MostSteps = 20;
    private const double Tolerance = 1e-9;

    /// <summary>What every potential lies in after a step: -95 to 40 mV.</summary>
    public static ColorRange Physiological { get; } = new(-0.095, 0.040);

    /// <summary>The range in mV in words.</summary>
    public string Text => $"{LowText} to {HighText} mV";

    /// <summary>The low end in mV.</summary>
    public string LowText => Format(Low);

    /// <summary>The high end in mV.</summary>
    public string HighText => Format(High);

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

    /// <summary>The least range with both in it.</summary>
    public ColorRange Union(ColorRange other) => new(Math.Min(Low, other.Low), Math.Max(High, other.High));

    /// <summary>The range out to round numbers, so that it reads well and changes seldom; an even field's is around it.</summary>
    public ColorRange Rounded()
    {
        var (low, high) = (Low * MillivoltsPerVolt, High * MillivoltsPerVolt);
        if (high - low < LeastSpanMillivolts)
        {
            var middle = (low + high) / 2;
            (low, high) = (middle - (LeastSpanMillivolts / 2), middle + (LeastSpanMillivolts / 2));
        }

        var step = RoundStep((high - low) / MostSteps);
        return new ColorRange(
            Math.Floor((low / step) + Tolerance) * step / MillivoltsPerVolt,
            Math.Ceiling((high / step) - Tolerance) * step / MillivoltsPerVolt);
    }

    /// <summary>Round potentials in volts from low to high, as far apart as so many of them at most ask for.</summary>
    public IEnumerable<double> Ticks(int most)
    {
        var (low, high) = (Low * MillivoltsPerVolt, High * MillivoltsPerVolt);
        var step = RoundStep((high - low) / Math.Max(1, most - 1));
        for (var i = Math.Ceiling((low / step) - Tolerance); i <= (high / step) + Tolerance; i++)
        {
            yield return i * step / MillivoltsPerVolt;
        }
    }

    /// <summary>A potential in mV, without needless decimals.</summary>
    public static string Format(double volts)
    {
        // Rounding must not leave a minus before a zero.
        var millivolts = Math.Round(volts * MillivoltsPerVolt, 3) + 0.0;
        return millivolts.ToString("0.###", CultureInfo.InvariantCulture);
    }

    // 1, 2 or 5 times a power of ten, at least as large.
    private static double RoundStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        var digit = least / power;
        return power * (digit <= 1 + Tolerance ? 1 : digit <= 2 + Tolerance ? 2 : digit <= 5 + Tolerance ? 5 : 10);
    }
}
