using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mfn.Server.Secrets;
using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>One setting of the server: its name, and which values it takes. Options are bound to values that have passed here, and are checked nowhere else.</summary>
internal sealed partial class Setting
{
    private const string Hidden = "what was given is something else.";

    private readonly Type _type;

    private Setting(string name, Type type)
    {
        Name = name;
        _type = type;
    }

    /// <summary>The name, such as <c>Limits:MaxSteps</c>.</summary>
    public string Name { get; }

    /// <summary>The least value, a long, a double or a time; null if any does.</summary>
    public IComparable? Least { get; private init; }

    /// <summary>The largest value.</summary>
    public IComparable? Most { get; private init; }

    /// <summary>What it means, in Markdown, without a full stop.</summary>
    public string Meaning { get; private init; } = "";

    /// <summary>What holds if nobody sets it: a value, or words.</summary>
    public string? Default { get; private init; }

    /// <summary>Whether that is a value.</summary>
    public bool HasDefaultValue { get; private init; }

    /// <summary>Whether a running server follows a change; it takes the others when it starts.</summary>
    public bool IsLive { get; private init; }

    /// <summary>Whether its value is shown nowhere, whoever gives it.</summary>
    public bool IsSecret { get; private init; }

    /// <summary>Whether it names a file that the server reads: a reference then stands for the content of the file, and is the value.</summary>
    public bool NamesFile => Values.EndsWith(" file", StringComparison.Ordinal);

    /// <summary>Whether its values are true and false.</summary>
    public bool IsSwitch => _type == typeof(bool);

    /// <summary>Whether its values are numbers, and whole ones.</summary>
    public bool IsWhole => _type == typeof(int) || _type == typeof(long);

    /// <summary>Whether its values are numbers, whole or not.</summary>
    public bool IsNumber => IsWhole || _type == typeof(double);

    /// <summary>Whether its values are times.</summary>
    public bool IsTime => _type == typeof(TimeSpan);

    /// <summary>The words that it takes; none if it takes others.</summary>
    public IReadOnlyList<string> Words => WordsOf(_type);

    /// <summary>What it takes, in words of the documentation; empty for any text.</summary>
    public string Values { get; private init; } = "";

    /// <summary>Whether the setting has a range, outside of which nothing is taken.</summary>
    public bool HasRange => Least is not null && Most is not null;

    /// <summary>A setting that is a property of options.</summary>
    /// <exception cref="NotSupportedException">The property is of a type that no setting has been of.</exception>
    public static Setting Of(string section, PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (!type.IsEnum && type != typeof(int) && type != typeof(long) && type != typeof(double) && type != typeof(TimeSpan) && type != typeof(bool) && type != typeof(string))
        {
            throw new NotSupportedException($"{section}:{property.Name} is a {type.Name}, which {nameof(Setting)} cannot read yet.");
        }

        var range = property.GetCustomAttribute<RangeAttribute>();
        var text = property.GetCustomAttribute<SettingAttribute>() ?? throw new NotSupportedException($"{section}:{property.Name} has no [Setting] that says what it means.");
        var whose = property.ReflectedType!.GetField("Whose")?.GetRawConstantValue() as string;
        var usual = Convert.ToString(property.GetValue(Activator.CreateInstance(property.ReflectedType!)), CultureInfo.InvariantCulture);
        usual = type.IsEnum ? Read(type, usual!)!.ToString() : usual;
        var (least, most) = (Bound(range?.Minimum), Bound(range?.Maximum));
        return new Setting($"{section}:{property.Name}", type)
        {
            Least = least,
            Most = most,
            Meaning = text.Meaning.Replace("{whose}", whose, StringComparison.Ordinal),
            Default = text.Default ?? (string.IsNullOrEmpty(usual) ? "none" : type == typeof(bool) ? usual.ToLowerInvariant() : usual),
            HasDefaultValue = text.Default is null && !string.IsNullOrEmpty(usual),
            IsLive = text.IsLive,
            IsSecret = text.IsSecret,
            Values = text.Values ?? (type == typeof(bool) ? "`true` or `false`" : type.IsEnum ? string.Join(", ", WordsOf(type).Select(word => $"`{word}`")) : least is null || most is null ? "" : $"{InWords(least)} to {InWords(most)}"),
        };

        IComparable? Bound(object? value) => value is null ? null : Read(type, Convert.ToString(value, CultureInfo.InvariantCulture)!);

        string InWords(IComparable bound) => bound switch
        {
            TimeSpan time => Tell(time),
            long count when property.Name.Contains("Bytes", StringComparison.Ordinal) => TellBytes(count),
            _ => Tell(bound),
        };
    }

    /// <summary>A setting that takes any text but none.</summary>
    public static Setting Text(string name, string meaning, string usual) => new(name, typeof(string)) { Meaning = meaning, Default = usual, HasDefaultValue = true };

    /// <summary>The least level that is logged of something.</summary>
    public static Setting Level(string name) => new(name, typeof(LogLevel)) { Default = nameof(LogLevel.Information), HasDefaultValue = true, IsLive = true };

    /// <summary>What is wrong with a value, to be said behind the setting's name; null if nothing is.</summary>
    /// <param name="text">The value.</param>
    /// <param name="hidden">What to say of the value, behind "but", if nobody may see it.</param>
    public string? Problem(string text, string? hidden = null)
    {
        var value = Read(_type, text);
        return value is null
            ? _type == typeof(string) ? "must not be empty; leave it out" : $"must be {Allowed(isNamed: true)}, but {hidden ?? $"was {CallersText.Quote(text)}{Nearest(text)}"}"
            : HasRange && (value.CompareTo(Least) < 0 || value.CompareTo(Most) > 0)
                ? $"must be {Allowed(isNamed: false)}, but {hidden ?? $"was {CallersText.Show(text, CallersText.LongestQuote)}."}"
                : null;
    }

    /// <summary>What is wrong with a value of JSON, which is a number, a truth or a string as the setting is one; null if nothing is.</summary>
    public string? Problem(JsonElement value, out string text)
    {
        text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        if (value.ValueKind == JsonValueKind.String && SecretReference.IsReference(text))
        {
            return SecretReference.Parse(text) is null ? $"{SecretReference.Rule}, but was {CallersText.Quote(text)}." : null;
        }

        if (IsWhole && value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && decimal.IsInteger(number))
        {
            // 1e3 and 5.0 are whole numbers of JSON.
            text = number.ToString("0", CultureInfo.InvariantCulture);
        }

        if (Problem(text, IsSecret ? Hidden : null) is { } problem)
        {
            return problem;
        }

        var (isRight, kind) = IsSwitch ? (value.ValueKind is JsonValueKind.True or JsonValueKind.False, "true or false")
            : IsNumber ? (value.ValueKind == JsonValueKind.Number, "a number")
            : (value.ValueKind == JsonValueKind.String, "a string in quotes");
        return !isRight ? $"must be {kind}{(value.ValueKind == JsonValueKind.String ? " without quotes" : "")}, but {(IsSecret ? Hidden : $"was {CallersText.Show(value.GetRawText(), CallersText.LongestQuote)}.")}"
            : Words.Count > 0 && !Words.Contains(text) ? $"must be written {Canonical(text)}, but was '{text}'."
            : null;
    }

    /// <summary>A value that is right, in the form that options are bound to.</summary>
    public string Canonical(string text) => Convert.ToString(Read(_type, text), CultureInfo.InvariantCulture)!;

    private static IComparable? Read(Type type, string text)
    {
        if (type == typeof(string))
        {
            return text.Length > 0 ? text : null;
        }

        if (type == typeof(TimeSpan))
        {
            // Less than three numbers would be days, or hours and minutes, which is never what "30" was meant to be; and of "24:00:00" it would make 24 days.
            return Time().IsMatch(text) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
        }

        if (type == typeof(double))
        {
            const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            return double.TryParse(text, Plain, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
        }

        if (type == typeof(bool))
        {
            return bool.TryParse(text, out var truth) ? truth : null;
        }

        if (type.IsEnum)
        {
            // Not the number of a value, and not several at once.
            return WordsOf(type).FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null;
    }

    // Levels of logging are spelled as everybody's who logs with .NET.
    private static string[] WordsOf(Type type) => !type.IsEnum ? [] : type == typeof(LogLevel) ? Enum.GetNames(type) : [.. Enum.GetNames(type).Select(name => name.ToLowerInvariant())];

    private string Allowed(bool isNamed)
    {
        var kind = _type == typeof(TimeSpan) ? "a time such as 00:00:10 (hours:minutes:seconds)"
            : _type == typeof(double) ? "a number"
            : _type == typeof(bool) ? "true or false"
            : _type.IsEnum ? Or(Words)
            : "a whole number";
        return !HasRange ? kind : $"{(isNamed ? $"{kind} " : "")}between {Tell(Least!)} and {Tell(Most!)}";
    }

    private string Nearest(string text) =>
        _type.IsEnum && NearestName.Find(text, Words) is { Count: > 0 } nearest ? $"; did you mean {Or(nearest)}?" : ".";

    private static string Tell(IComparable bound) => bound is TimeSpan { Milliseconds: not 0 } time
        ? time.ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture)
        : Convert.ToString(bound, CultureInfo.InvariantCulture)!;

    // 100 ms, 1 hour, 365 days.
    private static string Tell(TimeSpan time)
    {
        (TimeSpan Unit, string Name)[] units = [(TimeSpan.FromDays(1), "day"), (TimeSpan.FromHours(1), "hour"), (TimeSpan.FromMinutes(1), "minute"), (TimeSpan.FromSeconds(1), "s"), (TimeSpan.FromMilliseconds(1), "ms")];
        var (unit, name) = units.FirstOrDefault(each => time.Ticks % each.Unit.Ticks == 0 && time >= each.Unit);
        return name is null ? "0" : string.Create(CultureInfo.InvariantCulture, $"{time / unit} {name}{(name.Length > 2 && time > unit ? "s" : "")}");
    }

    private static string TellBytes(long count)
    {
        const long Kibi = 1 << 10;
        string[] units = ["", " KiB", " MiB", " GiB", " TiB"];
        var unit = 0;
        for (; unit < units.Length - 1 && count >= Kibi && count % Kibi == 0; unit++)
        {
            count /= Kibi;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{count}{units[unit]}");
    }

    [GeneratedRegex(TimePattern.Any, RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    private static string Or(IReadOnlyCollection<string> words) => words.Count < 2 ? string.Concat(words) : $"{string.Join(", ", words.SkipLast(1))} or {words.Last()}";
}
