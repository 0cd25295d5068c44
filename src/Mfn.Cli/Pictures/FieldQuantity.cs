using System.Globalization;

namespace Mfn.Cli.Pictures;

/// <summary>What the cells of a field are, and how they are told: the membrane potential, kept in volts and told in mV; or the concentration of a species in its model's unit.</summary>
/// <param name="Species">The species' symbol; null for the potential.</param>
internal readonly record struct FieldQuantity(string? Species)
{
    private const double MillivoltsPerVolt = 1000;
    private const double VoltsPerMillivolt = 0.001;
    private const double LeastPlain = 1e-4;
    private const double MostPlain = 1e6;

    // Below it a field counts as even: its differences are not blown up to all colours.
    private const double LeastSpanMillivolts = 0.1;
    private const double LeastRelativeSpan = 1e-6;
    private const double LeastSpan = 1e-12;

    /// <summary>The membrane potential.</summary>
    public static FieldQuantity Potential => default;

    /// <summary>What stands behind a number: a blank and the unit, or nothing.</summary>
    public string Suffix => Species is null ? " mV" : "";

    /// <summary>What stands before a range: the species and a blank, or nothing.</summary>
    public string Prefix => Species is null ? "" : $"{Species} ";

    /// <summary>What a picture says that it shows.</summary>
    public string Description => Species is null ? "Membrane potential" : $"Concentration of {Species}";

    /// <summary>A cell's value as the number that is told.</summary>
    public double ToTold(double value) => Species is null ? value * MillivoltsPerVolt : value;

    /// <summary>The cell's value that a number tells of: of a round number the nearest.</summary>
    public double FromTold(double told) => Species is null ? told / MillivoltsPerVolt : told;

    /// <summary>The cell's value that a number on a command line tells of.</summary>
    public double FromGiven(double told) => Species is null ? told * VoltsPerMillivolt : told;

    /// <summary>The least span of a range around numbers so large, as it is told.</summary>
    public double LeastSpanAround(double largest) => Species is null ? LeastSpanMillivolts : Math.Max(LeastSpan, Math.Abs(largest) * LeastRelativeSpan);

    /// <summary>A cell's value in words, without its unit and without needless decimals.</summary>
    public string Format(double value)
    {
        if (Species is null)
        {
            // Rounding must not leave a minus before a zero.
            return (Math.Round(ToTold(value), 3) + 0.0).ToString("0.###", CultureInfo.InvariantCulture);
        }

        var size = Math.Abs(value);
        return size < LeastSpan ? "0"
            : size is >= LeastPlain and < MostPlain ? value.ToString("G5", CultureInfo.InvariantCulture)
            : value.ToString("0.###e+0", CultureInfo.InvariantCulture);
    }
}
