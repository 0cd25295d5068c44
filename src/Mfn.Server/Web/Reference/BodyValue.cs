using System.Globalization;

namespace Mfn.Server.Web.Reference;

/// <summary>A member of a body as it was given, and what pydantic makes of it.</summary>
internal readonly struct BodyValue
{
    private readonly PythonJsonKind _kind;
    private readonly double _number;
    private readonly long? _integer;
    private readonly string? _text;

    private BodyValue(PythonJsonKind kind, double number, long? integer, string? text)
    {
        IsGiven = true;
        _kind = kind;
        _number = number;
        _integer = integer;
        _text = text;
    }

    /// <summary>Whether the body has it.</summary>
    public bool IsGiven { get; }

    /// <summary>Whether it is null, which no field may be.</summary>
    public bool IsNull => _kind == PythonJsonKind.Null;

    /// <summary>Reads the next value.</summary>
    public static BodyValue Read(ref PythonJsonReader reader)
    {
        var kind = reader.Next();
        switch (kind)
        {
            case PythonJsonKind.Number:
                var (number, integer) = reader.ReadNumber();
                return new BodyValue(kind, number, integer, null);
            case PythonJsonKind.Text:
                return new BodyValue(kind, 0, null, reader.ReadText());
            default:
                reader.Skip();
                return new BodyValue(kind, 0, null, null);
        }
    }

    /// <summary>
    /// Takes it for an integer; null if it is none. Texts and flags may stand for one. What has a fraction is none: the reference asks for pydantic 2, which says so,
    /// though pydantic 1 cuts it off.
    /// </summary>
    /// <param name="isBeyond">Whether it is one that 64 bits do not hold: the greatest or least that they do stands for it.</param>
    public long? ToInteger(out bool isBeyond)
    {
        isBeyond = false;
        switch (_kind)
        {
            case PythonJsonKind.True or PythonJsonKind.False:
                return _kind == PythonJsonKind.True ? 1 : 0;
            case PythonJsonKind.Text:
                return long.TryParse(_text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given) ? given : null;
            case PythonJsonKind.Number when _integer is not null:
                return _integer;
            case PythonJsonKind.Number when double.IsInteger(_number):
                isBeyond = _number is >= -(double)long.MinValue or < long.MinValue;
                return isBeyond ? _number > 0 ? long.MaxValue : long.MinValue : (long)_number;
            default:
                return null;
        }
    }

    /// <summary>Takes it for a number, which may be infinite or NaN; null if it is none. Texts and flags may stand for one.</summary>
    public double? ToNumber() => _kind switch
    {
        PythonJsonKind.Number => _number,
        PythonJsonKind.True => 1,
        PythonJsonKind.False => 0,
        PythonJsonKind.Text => Parse(_text.AsSpan().Trim()),
        _ => null,
    };

    /// <summary>Takes it for a flag; null if it is none. Texts, 0 and 1 may stand for one.</summary>
    public bool? ToFlag() => _kind switch
    {
        PythonJsonKind.True => true,
        PythonJsonKind.False => false,
        PythonJsonKind.Number => _number switch { 0 => false, 1 => true, _ => null },
        PythonJsonKind.Text => _text!.ToLowerInvariant() switch
        {
            "0" or "off" or "f" or "false" or "n" or "no" => false,
            "1" or "on" or "t" or "true" or "y" or "yes" => true,
            _ => null,
        },
        _ => null,
    };

    // Python has its own words for what is not finite.
    private static double? Parse(ReadOnlySpan<char> text)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        var isNegative = text.StartsWith("-");
        var word = text.Length > 0 && text[0] is '+' or '-' ? text[1..] : text;
        if (word.Equals("inf", StringComparison.OrdinalIgnoreCase) || word.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            return isNegative ? double.NegativeInfinity : double.PositiveInfinity;
        }

        return word.Equals("nan", StringComparison.OrdinalIgnoreCase) ? double.NaN
            : word.Length > 0 && word[0] is '.' or (>= '0' and <= '9') && double.TryParse(text, Style, CultureInfo.InvariantCulture, out var number) ? number
            : null;
    }
}
