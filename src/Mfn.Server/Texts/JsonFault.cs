using System.Globalization;
using System.Text.Json;

namespace Mfn.Server.Texts;

/// <summary>What is wrong with JSON, without anything that is in it: it may be a secret.</summary>
internal static class JsonFault
{
    private const string Missing = "JSON deserialization for type ";
    private const string Names = "including: ";

    /// <summary>Says it, as the end of a sentence.</summary>
    public static string Tell(JsonException error)
    {
        // Those names are the reader's.
        if (error.Message.StartsWith(Missing, StringComparison.Ordinal) && error.Message.IndexOf(Names, StringComparison.Ordinal) is var at and > 0)
        {
            return $"there is no {error.Message[(at + Names.Length)..].Split('.')[0]} in it.";
        }

        return error.LineNumber is { } line
            ? string.Create(CultureInfo.InvariantCulture, $"what is at line {line + 1}, byte {error.BytePositionInLine + 1}, does not belong there.")
            : "it is another JSON value than an object.";
    }
}
