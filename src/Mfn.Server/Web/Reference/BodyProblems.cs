using System.Globalization;
using System.Text.Json;
using Mfn.Server.Calls;

namespace Mfn.Server.Web.Reference;

/// <summary>Collects what is wrong with a body, and tells it as FastAPI does.</summary>
internal sealed class BodyProblems
{
    // Of a list of a million texts each would be one.
    private const int MostKept = 100;

    private readonly List<(object[] Place, BodyProblemKind Kind, string? Detail)> _all = [];

    public bool IsEmpty => _all.Count == 0;

    /// <summary>Notes a problem.</summary>
    /// <param name="kind">What.</param>
    /// <param name="detail">The limit that a value is beyond, as Python writes it, or the rest of the message.</param>
    /// <param name="place">Where in the body: names and positions.</param>
    public void Add(BodyProblemKind kind, string? detail, params object[] place)
    {
        if (_all.Count < MostKept)
        {
            _all.Add((place, kind, detail));
        }
    }

    /// <summary>Notes what others have found.</summary>
    public void Add(BodyProblems others) => _all.AddRange(others._all.Take(MostKept - _all.Count));

    /// <summary>The refusal of the call; its client gets all problems as JSON.</summary>
    public CallRefusedException ToException()
    {
        var problems = new RequestProblems();
        foreach (var (place, kind, detail) in _all)
        {
            problems.Add(place.Length == 0 ? "body" : string.Join('.', place.Select(part => Convert.ToString(part, CultureInfo.InvariantCulture))), $"{kind.Message}{detail}");
        }

        return problems.ToException();
    }

    /// <summary>Writes all problems.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("detail"u8);
        foreach (var (place, kind, detail) in _all)
        {
            writer.WriteStartObject();
            WritePlace(writer, place);
            writer.WriteString("msg"u8, $"{kind.Message}{detail}");
            writer.WriteString("type"u8, kind.Type);
            if (detail is not null && kind != BodyProblemKind.Refused)
            {
                writer.WriteStartObject("ctx"u8);
                writer.WritePropertyName("limit_value"u8);
                writer.WriteRawValue(detail);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Writes that a body is not JSON.</summary>
    public static void Write(Utf8JsonWriter writer, PythonJsonException fault)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("detail"u8);
        writer.WriteStartObject();
        WritePlace(writer, [fault.Position]);
        writer.WriteString("msg"u8, fault.Message);
        writer.WriteString("type"u8, "value_error.jsondecode"u8);
        writer.WriteStartObject("ctx"u8);
        writer.WriteString("msg"u8, fault.Fault);
        writer.WriteNumber("pos"u8, fault.Position);
        writer.WriteNumber("lineno"u8, fault.Line);
        writer.WriteNumber("colno"u8, fault.Column);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WritePlace(Utf8JsonWriter writer, object[] place)
    {
        writer.WriteStartArray("loc"u8);
        writer.WriteStringValue("body"u8);
        foreach (var part in place)
        {
            if (part is int index)
            {
                writer.WriteNumberValue(index);
            }
            else
            {
                writer.WriteStringValue((string)part);
            }
        }

        writer.WriteEndArray();
    }
}
