using System.Globalization;
using System.Text.Json;
using Mfn.Core.Specs;

namespace Mfn.Server.Web.Reference;

/// <summary>Numbers as Python writes them: a float is told from an int.</summary>
internal static class PythonNumber
{
    private const int LongestNumber = 32;

    /// <summary>A finite number as text, such as <c>310.0</c>.</summary>
    public static string Format(double number)
    {
        var text = RoundTrip.Format(number);
        return text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0";
    }

    /// <summary>Writes a finite number.</summary>
    public static void Write(Utf8JsonWriter writer, double number)
    {
        Span<byte> text = stackalloc byte[LongestNumber];
        number.TryFormat(text, out var length, RoundTrip.SpecifierOf(number), CultureInfo.InvariantCulture);
        if (!text[..length].ContainsAny((byte)'.', (byte)'E'))
        {
            ".0"u8.CopyTo(text[length..]);
            length += ".0"u8.Length;
        }

        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }

    /// <summary>Writes a member that is a finite number.</summary>
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, double number)
    {
        writer.WritePropertyName(name);
        Write(writer, number);
    }
}
