using Mfn.Server.Pictures;

namespace Mfn.Cli.Pictures;

/// <summary>The values that get the first and the last colour.</summary>
/// <param name="Low">The value of the first.</param>
/// <param name="High">The value of the last.</param>
/// <param name="Quantity">What they are of: by default the potential, in volts.</param>
internal readonly record struct ColorRange(double Low, double High, FieldQuantity Quantity = default)
{
    private const int MostSteps = 20;
    private const double Tolerance = 1e-9;

    /// <summary>What every potential lies in after a step: -95 to 40 mV.</summary>
    public static ColorRange Physiological { get; } = new(-0.095, 0.040);

    /// <summary>The range in words.</summary>
    public string Text => $"{Quantity.Prefix}{LowText} to {HighText}{Quantity.Suffix}";

    /// <summary>The low end, without its unit.</summary>
    public string LowText => Quantity.Format(Low);

    /// <summary>The high end, without its unit.</summary>
    public string HighText => Quantity.Format(High);

    /// <summary>From the least to the greatest value of a field.</summary>
    public static ColorRange Of(ReadOnlySpan<double> values, FieldQuantity quantity = default)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }

        return new ColorRange(low, high, quantity);
    }

    /// <summary>The colour of a value.</summary>
    public byte Level(double value) => ColorMap.Level(value, Low, High);

    /// <summary>The least range with both in it.</summary>
    public ColorRange Union(ColorRange other) => new(Math.Min(Low, other.Low), Math.Max(High, other.High), Quantity);

    /// <summary>The range out to round numbers, so that it reads well and changes seldom; an even field's is around it.</summary>
    public ColorRange Rounded()
    {
        var (low, high) = (Quantity.ToTold(Low), Quantity.ToTold(High));
        var leastSpan = Quantity.LeastSpanAround(Math.Max(Math.Abs(low), Math.Abs(high)));
        if (high - low < leastSpan)
        {
            var middle = (low + high) / 2;
            (low, high) = (middle - (leastSpan / 2), middle + (leastSpan / 2));
        }

        var step = RoundStep((high - low) / MostSteps);
        return this with
        {
            Low = Quantity.FromTold(Math.Floor((low / step) + Tolerance) * step),
            High = Quantity.FromTold(Math.Ceiling((high / step) - Tolerance) * step),
        };
    }

    /// <summary>Round values from low to high, as far apart as so many of them at most ask for.</summary>
    public IEnumerable<double> Ticks(int most)
    {
        var (low, high) = (Quantity.ToTold(Low), Quantity.ToTold(High));
        var step = RoundStep((high - low) / Math.Max(1, most - 1));
        for (var i = Math.Ceiling((low / step) - Tolerance); i <= (high / step) + Tolerance; i++)
        {
            yield return Quantity.FromTold(i * step);
        }
    }

    /// <summary>1, 2 or 5 times a power of ten, at least as large.</summary>
    internal static double RoundStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        var digit = least / power;
        return power * (digit <= 1 + Tolerance ? 1 : digit <= 2 + Tolerance ? 2 : digit <= 5 + Tolerance ? 5 : 10);
    }
}
