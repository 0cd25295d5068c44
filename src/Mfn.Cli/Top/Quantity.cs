using System.Globalization;

namespace Mfn.Cli.Top;

/// <summary>Numbers in few characters, with the unit that fits.</summary>
internal static class Quantity
{
    private static readonly string[] Thousands = ["", "k", "M", "G", "T", "P"];
    private static readonly string[] Binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>What stands for a number that is not known.</summary>
    public const string Unknown = "-";

    /// <summary>A count, or so many a second, such as <c>1.2 k</c>.</summary>
    public static string Count(double? number)
    {
        if (number is not { } value || !double.IsFinite(value))
        {
            return Unknown;
        }

        var (scaled, unit) = Scale(value, 1000, Thousands);
        return unit.Length == 0 ? Digits(scaled) : $"{Digits(scaled)} {unit}";
    }

    /// <summary>Bytes, such as <c>1.5 GiB</c>.</summary>
    public static string Bytes(double? number)
    {
        if (number is not { } value || !double.IsFinite(value))
        {
            return Unknown;
        }

        var (scaled, unit) = Scale(value, 1024, Binary);
        return $"{Digits(scaled)} {unit}";
    }

    /// <summary>A time such as <c>12 ms</c>.</summary>
    public static string Time(double? seconds) => seconds switch
    {
        null => Unknown,
        >= 1 => $"{Digits(seconds.Value)} s",
        >= 1e-3 => $"{Digits(seconds.Value * 1e3)} ms",
        _ => $"{Digits(seconds.Value * 1e6)} us",
    };

    /// <summary>A share such as <c>31 %</c>.</summary>
    public static string Share(double? share) => share is { } value && double.IsFinite(value) ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:0} %") : Unknown;

    /// <summary>How long something has been, such as <c>3d 04h</c>.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Days}d {age.Hours:00}h"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Hours}h {age.Minutes:00}m"),
        { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Minutes}m {age.Seconds:00}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{age.Seconds}s"),
    };

    private static (double Scaled, string Unit) Scale(double value, double step, string[] units)
    {
        var i = 0;

        // 999.6 would be shown as 1000.
        while (Math.Abs(value) >= step - 0.5 && i < units.Length - 1)
        {
            value /= step;
            i++;
        }

        return (value, units[i]);
    }

    private static string Digits(double value) => value.ToString(Math.Abs(value) < 9.95 && value != Math.Floor(value) ? "0.0" : "0", CultureInfo.InvariantCulture);
}
