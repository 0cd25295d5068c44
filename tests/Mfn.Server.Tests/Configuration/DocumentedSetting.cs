using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Mfn.Server.Tests.Configuration;

/// <summary>A row of the table in docs/configuration.md.</summary>
internal sealed partial record DocumentedSetting(string Name, string Default, string Range)
{
    // The levels of logging are as many as there are loggers.
    private const string AnyLevel = ":…";

    private static readonly Dictionary<string, long> BytesOf = new() { ["KiB"] = 1L << 10, ["MiB"] = 1L << 20, ["GiB"] = 1L << 30, ["TiB"] = 1L << 40 };

    /// <summary>The classes of options that the server has, by their sections.</summary>
    public static IReadOnlyDictionary<string, Type> Options { get; } = typeof(MfnServer).Assembly.GetTypes()
        .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is { IsLiteral: true })
        .ToDictionary(type => (string)type.GetField("Section")!.GetRawConstantValue()!);

    /// <summary>Every row, but those of the levels of logging.</summary>
    public static IReadOnlyList<DocumentedSetting> All { get; } =
    [
        .. from line in File.ReadLines(Path.Combine(Repository(), "docs", "configuration.md")).SkipWhile(line => line != "<!-- table settings -->").TakeWhile(line => line != "<!-- end of table -->")
           where line.StartsWith("| `", StringComparison.Ordinal)
           let cells = line.Split('|')
           from Match name in Word().Matches(cells[1])
           where !name.Groups[1].Value.StartsWith("--", StringComparison.Ordinal) && !name.Groups[1].Value.EndsWith(AnyLevel, StringComparison.Ordinal)
           select new DocumentedSetting(name.Groups[1].Value, cells[2].Trim().Trim('`'), cells[3].Trim()),
    ];

    /// <summary>The property of the options that have it; null of a setting that no options have.</summary>
    public PropertyInfo? Property => Name.LastIndexOf(':') is var end and > 0 && Options.TryGetValue(Name[..end], out var options) ? options.GetProperty(Name[(end + 1)..]) : null;

    /// <summary>The type of its values.</summary>
    public Type Type => Property is { } property ? Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType : typeof(string);

    /// <summary>The ends of its range; null if the table gives it none.</summary>
    public (IComparable Least, IComparable Most)? Ends => Range.Split(" to ") is [var least, var most] ? (Read(least), Read(most)) : null;

    /// <summary>The words that it takes; none if it takes others.</summary>
    public IReadOnlyList<string> Words => Type.IsEnum ? [.. Word().Matches(Range).Select(word => word.Groups[1].Value)] : [];

    /// <summary>A value as it is written in tables, in settings and here.</summary>
    public IComparable Read(string text)
    {
        if (Type == typeof(TimeSpan))
        {
            return text.Contains(':', StringComparison.Ordinal) ? TimeSpan.Parse(text, CultureInfo.InvariantCulture) : text.Split(' ') switch
            {
                ["0"] => TimeSpan.Zero,
                [var count, "ms"] => TimeSpan.FromMilliseconds(Whole(count)),
                [var count, "s"] => TimeSpan.FromSeconds(Whole(count)),
                [var count, "minute" or "minutes"] => TimeSpan.FromMinutes(Whole(count)),
                [var count, "hour" or "hours"] => TimeSpan.FromHours(Whole(count)),
                [var count, "day" or "days"] => TimeSpan.FromDays(Whole(count)),
                _ => throw new FormatException($"docs/configuration.md: '{text}' is no time that this test can read ({Name})."),
            };
        }

        return Type == typeof(double) ? double.Parse(text, CultureInfo.InvariantCulture)
            : Type == typeof(bool) ? bool.Parse(text)
            : Type.IsEnum ? text
            : text.Split(' ') is [var number, var unit] ? Whole(number) * BytesOf[unit] : Whole(text);

        static long Whole(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);
    }

    public override string ToString() => Name;

    public static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Mfn.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Word();
}
