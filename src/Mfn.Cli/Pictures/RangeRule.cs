using System.CommandLine;
using System.Globalization;

namespace Mfn.Cli.Pictures;

/// <summary>How the colour range of a frame is found.</summary>
/// <param name="Kind">From what.</param>
/// <param name="Given">The range, if it is a given one: in mV, or in the model's unit for a species.</param>
internal readonly record struct RangeRule(RangeKind Kind, (double Low, double High) Given)
{
    private const double Most = 1e6;
    private const double LeastSpan = 1e-9;

    /// <summary>Over all frames.</summary>
    public static RangeRule All { get; } = new(RangeKind.All, default);

    /// <summary>Each frame's own.</summary>
    public static RangeRule Each { get; } = new(RangeKind.Each, default);

    /// <summary>A given one, in mV, or in the model's unit for a species.</summary>
    public static RangeRule Fixed(double low, double high) => new(RangeKind.Fixed, (low, high));

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
                && low >= -Most && high <= Most && high - low >= LeastSpan)
            {
                return Fixed(low, high);
            }

            result.AddError(
                $"--range must be LOW,HIGH in mV, or in the model's unit with --kinetics, from -{Most:0} to {Most:0} with LOW below HIGH, or all or each, but was '{text}'.");
            return null;
        },
    };
}
