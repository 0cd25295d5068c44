using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mfn.Core.Specs;

namespace Mfn.Cli.Output;

/// <summary>
/// A JSON object whose members come in the order in which they were added. A number that is not finite, or that is not defined, is null, and the
/// member <c>undefined</c>, the last, has the reason by its name.
/// </summary>
internal sealed class JsonRecord
{
    private const string UndefinedName = "undefined";
    private const int LargestPending = 64 * 1024;

    private readonly List<(string Name, Action<Utf8JsonWriter> Write)> _members = [];
    private readonly List<(string Name, string Reason)> _undefined = [];

    /// <summary>How every answer is written: a line, with the characters that a terminal shows.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public JsonRecord Add(string name, string? value) => AddMember(name, json => json.WriteStringValue(value));

    /// <summary>JSON that somebody else has made.</summary>
    public JsonRecord Add(string name, JsonNode value) => AddMember(name, json => value.WriteTo(json));

    public JsonRecord Add(string name, bool value) => AddMember(name, json => json.WriteBooleanValue(value));

    public JsonRecord Add(string name, long value) => AddMember(name, json => json.WriteNumberValue(value));

    /// <summary>A number; null with the reason if it is not finite.</summary>
    public JsonRecord Add(string name, double value)
    {
        if (!double.IsFinite(value))
        {
            return AddUndefined(name, double.IsNaN(value) ? "not a number" : "infinite");
        }

        return AddMember(name, json => Write(json, value));
    }

    /// <summary>A number, or null for one that there need not be.</summary>
    public JsonRecord Add(string name, double? value) => value is { } number ? Add(name, number) : AddNull(name);

    public JsonRecord Add(string name, JsonRecord? value) => value is null ? AddNull(name) : AddMember(name, value.WriteTo);

    public JsonRecord Add(string name, IEnumerable<JsonRecord> values) => AddArray(name, values, (json, value) => value.WriteTo(json));

    public JsonRecord Add(string name, IEnumerable<string> values) => AddArray(name, values, (json, value) => json.WriteStringValue(value));

    public JsonRecord Add(string name, IEnumerable<long> values) => AddArray(name, values, (json, value) => json.WriteNumberValue(value));

    /// <summary>An array of numbers; null for those that are not finite or not there.</summary>
    public JsonRecord Add(string name, IEnumerable<double?> values) => AddArray(name, values, (json, value) =>
    {
        if (value is { } number && double.IsFinite(number))
        {
            Write(json, number);
        }
        else
        {
            json.WriteNullValue();
        }
    });

    /// <summary>An array of single-precision numbers, in as many digits as tell them apart.</summary>
    public JsonRecord Add(string name, ReadOnlyMemory<float> values) => AddMember(name, json =>
    {
        json.WriteStartArray();
        for (var i = 0; i < values.Length; i++)
        {
            if (float.IsFinite(values.Span[i]))
            {
                json.WriteNumberValue(values.Span[i]);
            }
            else
            {
                json.WriteNullValue();
            }

            FlushIfLong(json);
        }

        json.WriteEndArray();
    });

    /// <summary>A value that is not defined, and why.</summary>
    public JsonRecord AddUndefined(string name, string reason)
    {
        _undefined.Add((name, reason));
        return AddNull(name);
    }

    /// <summary>A value that is not there.</summary>
    public JsonRecord AddNull(string name) => AddMember(name, json => json.WriteNullValue());

    /// <summary>Writes the object.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var (name, write) in _members)
        {
            json.WritePropertyName(name);
            write(json);
        }

        if (_undefined.Count > 0)
        {
            json.WriteStartObject(UndefinedName);
            foreach (var (name, reason) in _undefined)
            {
                json.WriteString(name, reason);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private JsonRecord AddArray<T>(string name, IEnumerable<T> values, Action<Utf8JsonWriter, T> write) => AddMember(name, json =>
    {
        json.WriteStartArray();
        foreach (var value in values)
        {
            write(json, value);
            FlushIfLong(json);
        }

        json.WriteEndArray();
    });

    private JsonRecord AddMember(string name, Action<Utf8JsonWriter> write)
    {
        _members.Add((name, write));
        return this;
    }

    private static void Write(Utf8JsonWriter json, double value)
    {
        if (RoundTrip.IsMisspelt(value))
        {
            json.WriteRawValue(RoundTrip.Format(value));
        }
        else
        {
            json.WriteNumberValue(value);
        }
    }

    private static void FlushIfLong(Utf8JsonWriter json)
    {
        if (json.BytesPending > LargestPending)
        {
            json.Flush();
        }
    }
}
