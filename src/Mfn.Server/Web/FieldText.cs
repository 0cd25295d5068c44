using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Server.Calls;
using Mfn.Server.Texts;

namespace Mfn.Server.Web;

/// <summary>Single values of fields as text: of JSON's strings, paths and queries.</summary>
internal static class FieldText
{
    // The largest integer of which a double knows all smaller ones.
    private const double MostExact = 9007199254740992;

    /// <summary>The value that a text stands for, as reflection takes it; null, and a problem, if it stands for none.</summary>
    public static object? Parse(FieldDescriptor field, string text, string path, RequestProblems problems)
    {
        object? value = field.FieldType switch
        {
            FieldType.String => text,
            FieldType.Bytes => BytesOf(text),
            FieldType.Enum => EnumOf(field.EnumType, text),
            FieldType.Bool => text switch { "true" => true, "false" => false, _ => null },
            FieldType.Double => DoubleOf(text) is { } number && double.IsFinite(number) ? number : null,
            FieldType.Float => DoubleOf(text) is { } number && float.IsFinite((float)number) ? (float)number : null,
            FieldType.Message or FieldType.Group => null,
            _ => IntegerOf(field.FieldType, text),
        };
        if (value is null)
        {
            problems.Add(path, $"must be {Allowed(field)}, but was {CallersText.Quote(text)}");
        }

        return value;
    }


    /// <summary>The integer of a field's type that a number is; null if it is none, or out of the type's range.</summary>
    public static object? IntegerOf(FieldType type, double number) =>
        Math.Floor(number) == number && Math.Abs(number) <= MostExact ? IntegerOf(type, number.ToString("F0", CultureInfo.InvariantCulture)) : null;

    /// <summary>The integer of a field's type that a text is; null if it is none, or out of the type's range.</summary>
    public static object? IntegerOf(FieldType type, string text)
    {
        const NumberStyles Signed = NumberStyles.AllowLeadingSign;
        var culture = CultureInfo.InvariantCulture;
        return type switch
        {
            FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => int.TryParse(text, Signed, culture, out var number) ? number : null,
            FieldType.UInt32 or FieldType.Fixed32 => uint.TryParse(text, NumberStyles.None, culture, out var number) ? number : null,
            FieldType.UInt64 or FieldType.Fixed64 => ulong.TryParse(text, NumberStyles.None, culture, out var number) ? number : null,
            _ => long.TryParse(text, Signed, culture, out var number) ? number : null,
        };
    }

    /// <summary>What a field's values must be, for people.</summary>
    public static string Allowed(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => "a text",
        FieldType.Bytes => "bytes in base64",
        FieldType.Enum => $"one of {string.Join(", ", field.EnumType.Values.Select(value => value.Name))}",
        FieldType.Bool => "true or false",
        FieldType.Double or FieldType.Float => "a finite number",
        FieldType.Message or FieldType.Group => $"an object ({field.MessageType.Name})",
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => "an integer of 32 bits",
        FieldType.UInt32 or FieldType.Fixed32 => "an integer of 32 bits that is not negative",
        FieldType.UInt64 or FieldType.Fixed64 => "an integer of 64 bits that is not negative",
        _ => "an integer of 64 bits",
    };

    private static double? DoubleOf(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static int? EnumOf(EnumDescriptor type, string text)
    {
        if (type.FindValueByName(text) is { } value)
        {
            return value.Number;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    // Both alphabets, with padding or without, as JSON of protobuf has it.
    private static ByteString? BytesOf(string text)
    {
        var plain = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        var bytes = new byte[(plain.Length * 3) / 4];
        return Convert.TryFromBase64String(plain.PadRight((plain.Length + 3) / 4 * 4, '='), bytes, out var count) && count == bytes.Length
            ? UnsafeByteOperations.UnsafeWrap(bytes)
            : null;
    }
}
