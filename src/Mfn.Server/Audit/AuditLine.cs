using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mfn.Server.Identity;

namespace Mfn.Server.Audit;

/// <summary>An event as a line: a JSON object, whose last member is the SHA-256 of the line before, and a line feed.</summary>
internal static class AuditLine
{
    /// <summary>The most bytes that a line has.</summary>
    public const int MaxLength = 8192;

    /// <summary>The member with the hash of the line before.</summary>
    public const string PreviousName = "prev";

    /// <summary>The member with the line's number.</summary>
    public const string NumberName = "seq";

    /// <summary>What comes before the first line.</summary>
    public static readonly string Beginning = new('0', 2 * SHA256.HashSizeInBytes);

    private const string TimeForm = "yyyy-MM-ddTHH:mm:ss.ffffffZ";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // The names that gRPC gives its codes everywhere but in .NET.
    private static readonly string[] Codes =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    private static readonly string[] Kinds = ["opened", "closed", "call", "calls", "begin", "end", "command", "key", "resumed"];

    private static readonly string[] Credentials = ["anonymous", "api_key", "certificate", "token"];

    /// <summary>The hash of a line, its line feed included.</summary>
    public static string HashOf(ReadOnlySpan<byte> line)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(line, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>The time as lines have it.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture);

    /// <summary>Appends a line.</summary>
    /// <param name="destination">Gets it.</param>
    /// <param name="each">The event.</param>
    /// <param name="number">The line's number.</param>
    /// <param name="calls">What the numbers of calls begin with, which tells servers apart.</param>
    /// <param name="previous">The hash of the line before.</param>
    public static void Write(IBufferWriter<byte> destination, AuditEvent each, long number, string calls, string previous)
    {
        using (var json = new Utf8JsonWriter(destination, Options))
        {
            json.WriteStartObject();
            json.WriteNumber(NumberName, number);
            json.WriteString("time", Text(each.Time));
            json.WriteString("event", Kinds[(int)each.Kind]);
            WriteCall(json, each, calls);
            foreach (var (name, value) in each.Facts)
            {
                WriteFact(json, name, value);
            }

            json.WriteString(PreviousName, previous);
            json.WriteEndObject();
        }

        destination.Write("\n"u8);
    }

    private static void WriteCall(Utf8JsonWriter json, AuditEvent each, string calls)
    {
        if (each.Call > 0)
        {
            json.WriteString("call", string.Create(CultureInfo.InvariantCulture, $"{calls}-{each.Call}"));
        }

        if (each.Caller is { } caller)
        {
            json.WriteString("identity", caller.Name);
            json.WriteString("tenant", caller.Tenant);
            json.WriteString("credential", Credentials[(int)caller.Kind]);
            WriteText(json, "credential_id", caller.CredentialId.Length > 0 ? caller.CredentialId : null);
        }

        WriteText(json, "peer", each.Peer);
        WriteText(json, "rpc", each.Rpc);
        WriteText(json, "permission", each.Permission);
        WriteText(json, "resource", each.Resource);
        WriteText(json, "resource_name", each.ResourceName);
        WriteText(json, "created", each.Created);
        WriteText(json, "action", each.Action);
        WriteText(json, "code", each.Code is { } code ? NameOf(code) : null);
        WriteText(json, "reason", each.Reason);
        if (each.Duration is { } duration)
        {
            json.WriteNumber("duration_ms", Math.Round(duration.TotalMilliseconds, 3));
        }

        WriteText(json, "correlation_id", each.CorrelationId);
    }

    /// <summary>The name of a status code.</summary>
    public static string NameOf(Grpc.Core.StatusCode code) => (uint)code < Codes.Length ? Codes[(int)code] : "UNKNOWN";

    /// <summary>The word for a kind of credential.</summary>
    public static string NameOf(CredentialKind kind) => Credentials[(int)kind];

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteFact(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case long number:
                json.WriteNumber(name, number);
                break;
            case DateTimeOffset time:
                json.WriteString(name, Text(time));
                break;
            case IEnumerable<string> texts when value is not string:
                json.WriteStartArray(name);
                foreach (var text in texts)
                {
                    json.WriteStringValue(text);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteString(name, (string)value);
                break;
        }
    }
}
