using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Mfn.Server.Logging;

/// <summary>
/// Writes each message as a line with a JSON object: see docs/logging.md. The formatter of Microsoft.Extensions.Logging.Console leaves out the event's name, and
/// has what scopes tell in an array, at a place that depends on who else has begun one: nobody can ask for the lines of a trace or of a call by the path of a member.
/// </summary>
internal sealed class JsonLineFormatter(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    /// <summary>What the console knows it by.</summary>
    public const string FormatterName = "mfn-json";

    private const string TimeForm = "yyyy-MM-ddTHH:mm:ss.ffffffZ";
    private const string Template = "{OriginalFormat}";
    private const string RunField = "RunId";
    private const string RunMember = "run_id";
    private const int MostKeptBytes = 64 * 1024;

    // It leaves quotation marks of messages readable: nobody takes a log for HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly string[] Levels = Enum.GetNames<LogLevel>();

    [ThreadStatic]
    private static Line? _kept;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // What is logged while a value is turned into text takes a line of its own.
        var line = _kept ?? new Line();
        _kept = null;
        WriteMembers(line, logEntry, scopeProvider);
        line.CopyTo(textWriter);
        if (line.Length <= MostKeptBytes)
        {
            line.Clear();
            _kept = line;
        }
    }

    private void WriteMembers<TState>(Line line, in LogEntry<TState> entry, IExternalScopeProvider? scopes)
    {
        var json = line.Json;
        json.WriteStartObject();
        json.WriteString("time"u8, clock.GetUtcNow().UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture));
        json.WriteString("level"u8, Levels[(int)entry.LogLevel]);
        json.WriteNumber("event_id"u8, entry.EventId.Id);
        if (entry.EventId.Name is { } name)
        {
            json.WriteString("event"u8, name);
        }

        json.WriteString("category"u8, entry.Category);
        json.WriteString("message"u8, entry.Formatter(entry.State, entry.Exception));
        if (entry.State is IReadOnlyList<KeyValuePair<string, object?>> fields)
        {
            WriteFields(line, fields);
        }

        if (entry.Exception is { } error)
        {
            json.WriteString("exception"u8, error.ToString());
        }

        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            json.WriteString("trace_id"u8, activity.TraceId.ToHexString());
            json.WriteString("span_id"u8, activity.SpanId.ToHexString());
        }

        scopes?.ForEachScope(static (scope, line) => WriteScope(line, scope), line);
        if (line.RunId is { } run)
        {
            json.WriteString(RunMember, run);
        }

        json.WriteEndObject();
        json.Flush();
    }

    private static void WriteFields(Line line, IReadOnlyList<KeyValuePair<string, object?>> fields)
    {
        var json = line.Json;
        var hasBegun = false;
        for (var i = 0; i < fields.Count; i++)
        {
            var (name, value) = fields[i];
            if (name is null or Template || IsTwice(fields, i))
            {
                continue;
            }

            if (!hasBegun)
            {
                json.WriteStartObject("fields"u8);
                hasBegun = true;
            }

            if (name == RunField)
            {
                // What is logged of a run is found at one place, whoever logs it.
                line.RunId = value?.ToString();
            }

            json.WritePropertyName(name);
            WriteValue(json, value);
        }

        if (hasBegun)
        {
            json.WriteEndObject();
        }
    }

    // A template may have a name twice, an object must not.
    private static bool IsTwice(IReadOnlyList<KeyValuePair<string, object?>> fields, int index)
    {
        for (var i = 0; i < index; i++)
        {
            if (fields[i].Key == fields[index].Key)
            {
                return true;
            }
        }

        return false;
    }

    private static void WriteScope(Line line, object? scope)
    {
        if (scope is not ILogScope members)
        {
            return;
        }

        foreach (var (name, value) in members)
        {
            if (name == RunMember)
            {
                line.RunId ??= value?.ToString();
            }
            else
            {
                line.Json.WritePropertyName(name);
                WriteValue(line.Json, value);
            }
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case int or long or short or byte or sbyte or ushort or uint:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case float number when float.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            case DateTimeOffset time:
                json.WriteStringValue(time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
                break;
        }
    }

    /// <summary>A line in the making.</summary>
    private sealed class Line
    {
        private readonly ArrayBufferWriter<byte> _bytes = new(1024);

        public Line() => Json = new Utf8JsonWriter(_bytes, Options);

        public Utf8JsonWriter Json { get; }

        public string? RunId { get; set; }

        public int Length => _bytes.WrittenCount;

        public void CopyTo(TextWriter destination)
        {
            var rented = ArrayPool<char>.Shared.Rent(Length);
            var text = rented.AsSpan(0, Encoding.UTF8.GetChars(_bytes.WrittenSpan, rented));

            // Standard error has the encoding of the process's locale, whatever that is. Beyond ASCII there is nothing but in strings.
            for (var end = text.IndexOfAnyExceptInRange('\0', '\x7f'); end >= 0; end = text.IndexOfAnyExceptInRange('\0', '\x7f'))
            {
                destination.Write(text[..end]);
                destination.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)text[end]:x4}"));
                text = text[(end + 1)..];
            }

            destination.Write(text);
            destination.Write('\n');
            ArrayPool<char>.Shared.Return(rented);
        }

        public void Clear()
        {
            _bytes.ResetWrittenCount();
            Json.Reset();
            RunId = null;
        }
    }
}
