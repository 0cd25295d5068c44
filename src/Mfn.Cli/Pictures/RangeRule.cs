using System.CommandLine;
using System.Globalization;

namespace Mfn.Cli.Pictures;

/// <summary>How the colour range of a frame is found.</summary>
/// <param name="Kind">From what.</param>
/// <param name="Given">The range, if it is a given one.</param>
internal readonly record struct RangeRule(RangeKind Kind, ColorRange Given)
{
    private const double VoltsPerMillivolt = 0.001;
    private const double MostMillivolts = 1e6;
    private const double LeastSpanMillivolts = 0.001;

    /// <summary>Over all frames.</summary>
    public static RangeRule All { get; } = new(RangeKind.All, default);

    /// <summary>Each frame's own.</summary>
    public static RangeRule Each { get; } = new(RangeKind.Each, default);

    public static RangeRule Fixed(ColorRange range) => new(RangeKind.Fixed, range);

    /// <summary>The option that chooses.</summary>
    public static Option<RangeRule?> Option(string description) => new("--range")
    {
        Description = description,
        HelpName = "LOW,HIGH|all|each",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            switch (text)
            {
                case "all":
                    return All;
                case "each":
                    return Each;
            }

            var parts = text.Split(',');
            if (parts.Length == 2
                && double.TryParse(parts[0], CultureInfo.InvariantCulture, out var low)
                && double.TryParse(parts[1], CultureInfo.InvariantCulture, out var high)
                && low >= -MostMillivolts && high <= MostMillivolts && high - low >= LeastSpanMillivolts)
            {
                return Fixed(new ColorRange(low * VoltsPerMillivolt, high * VoltsPerMillivolt));
            }

            result.AddError(
                $"--range must be LOW,HIGH in mV from -{MostMillivolts:0} to {MostMillivolts:0} with LOW below HIGH by {LeastSpanMillivolts} at least, or all or each, but was '{text}'.");
            return null;
        },
    };
}
