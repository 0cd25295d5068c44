using System.Buffers;
using System.Diagnostics;

namespace Mfn.Server.Calls;

/// <summary>
/// What a call is known by, here and elsewhere: in the log, in the audit log, in its span, and in its answer. Callers may choose it, so that it must have a form in which
/// there is no room for more than an id: neither a key nor a token fits, nor anything that a log or a terminal would take for more than text.
/// </summary>
internal static class CorrelationId
{
    /// <summary>The header that callers may send, and get.</summary>
    public const string Header = "x-correlation-id";

    /// <summary>The tag of spans.</summary>
    public const string Tag = "mfn.correlation_id";

    /// <summary>The most characters of one.</summary>
    public const int MaxLength = 48;

    private const string RequestHeader = "x-request-id";
    private const int TraceStart = 3;
    private const int TraceLength = 32;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> Letters = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.:");

    /// <summary>The id of a call: what it brings, else its trace's, else a new one.</summary>
    public static string Of(IHeaderDictionary headers) =>
        Given(headers[Header].ToString())
        ?? Given(headers[RequestHeader].ToString())
        ?? TraceOf(headers.TraceParent.ToString())
        ?? (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.TraceId : ActivityTraceId.CreateRandom()).ToHexString();

    private static string? Given(string text) => text.Length is > 0 and <= MaxLength && !text.AsSpan().ContainsAnyExcept(Letters) ? text : null;

    private static string? TraceOf(string parent) =>
        parent.Length >= TraceStart + TraceLength && parent.AsSpan(TraceStart, TraceLength) is var id && !id.ContainsAnyExcept(HexDigits) ? id.ToString() : null;
}
