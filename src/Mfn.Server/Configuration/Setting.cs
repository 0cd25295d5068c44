using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>One setting of the server: its name, and which values it takes. Options are bound to values that have passed here, and are checked nowhere else.</summary>
internal sealed class Setting
{
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
        return new Setting($"{section}:{property.Name}", type) { Least = Bound(range?.Minimum), Most = Bound(range?.Maximum) };

        IComparable? Bound(object? value) => value is null ? null : Read(type, Convert.ToString(value, CultureInfo.InvariantCulture)!);
    }

    /// <summary>A setting that takes any text but none.</summary>
    public static Setting Text(string name) => new(name, typeof(string));

    /// <summary>The least level that is logged of something.</summary>
    public static Setting Level(string name) => new(name, typeof(LogLevel));

    /// <summary>What is wrong with a value, to be said behind the setting's name; null if nothing is.</summary>
    public string? Problem(string text)
    {
        var value = Read(_type, text);
        return value is null
            ? _type == typeof(string) ? "must not be empty; leave it out" : $"must be {Allowed(isNamed: true)}, but was {CallersText.Quote(text)}{Nearest(text)}"
            : HasRange && (value.CompareTo(Least) < 0 || value.CompareTo(Most) > 0)
                ? $"must be {Allowed(isNamed: false)}, but was {CallersText.Show(text, CallersText.LongestQuote)}."
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
            // Less than three numbers would be days, or hours and minutes, which is never what "30" was meant to be.
            return text.Count(letter => letter == ':') == 2 && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
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
            return Enum.GetNames(type).FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null;
    }

    private string Allowed(bool isNamed)
    {
        var kind = _type == typeof(TimeSpan) ? "a time such as 00:00:10 (hours:minutes:seconds)"
            : _type == typeof(double) ? "a number"
            : _type == typeof(bool) ? "true or false"
            : _type.IsEnum ? Or(Enum.GetNames(_type))
            : "a whole number";
        return !HasRange ? kind : $"{(isNamed ? $"{kind} " : "")}between {Tell(Least!)} and {Tell(Most!)}";
    }

    private string Nearest(string text) =>
        _type.IsEnum && NearestName.Find(text, Enum.GetNames(_type)) is { Count: > 0 } nearest ? $"; did you mean {Or(nearest)}?" : ".";

    private static string Tell(IComparable bound) => bound is TimeSpan { Milliseconds: not 0 } time
        ? time.ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture)
        : Convert.ToString(bound, CultureInfo.InvariantCulture)!;

    private static string Or(IReadOnlyCollection<string> words) => words.Count < 2 ? string.Concat(words) : $"{string.Join(", ", words.SkipLast(1))} or {words.Last()}";
}
