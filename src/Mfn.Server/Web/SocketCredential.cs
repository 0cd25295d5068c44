using System.Text.Json;
using Mfn.Server.Calls;
using Mfn.Server.Identity;
using Mfn.Server.Texts;

namespace Mfn.Server.Web;

/// <summary>
/// Who calls, as the first message of a socket says, since a browser's page cannot set headers: <c>{"api_key": "…"}</c>, <c>{"authorization": "Bearer …"}</c>, or
/// <c>{}</c> for nobody in particular.
/// </summary>
/// <param name="Header">What would say the same among the headers; null for nobody.</param>
/// <param name="Value">Its value.</param>
internal sealed record SocketCredential(string? Header, string Value)
{
    /// <summary>The most bytes of the message. Keys have fewer than a hundred, tokens some thousand.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>What it may be.</summary>
    public const string Form = """{"api_key": "…"}, {"authorization": "Bearer …"} or {}""";

    private const string Key = "api_key";
    private const string Authorization = "authorization";
    private const string KeyHeader = "x-api-key";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 2 };

    /// <summary>How long a client may take to say it.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(10);

    /// <summary>Nobody in particular.</summary>
    public static SocketCredential None { get; } = new(null, "");

    /// <summary>Whether a request says among its headers who calls.</summary>
    public static bool IsIn(IHeaderDictionary headers) => headers.Authorization.Count > 0 || headers[KeyHeader].Count > 0;

    /// <summary>An API key.</summary>
    public static SocketCredential OfKey(string key) => new(KeyHeader, key);

    /// <summary>Nobody has said it in time.</summary>
    public static CallRefusedException Missing(string what) => CallRefusedException.Unauthenticated(CredentialEnd.Missing, $"{what} must come within {Time.TotalSeconds:F0} s.");

    /// <summary>Reads the message. What is wrong with it is told without what is in it.</summary>
    /// <exception cref="CallRefusedException">It says nothing that is understood.</exception>
    public static SocketCredential Read(ReadOnlyMemory<byte> message)
    {
        try
        {
            using var json = JsonDocument.Parse(message, Strict);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw CallRefusedException.Unreadable($"The first message must be {Form}.");
            }

            return Read(json.RootElement);
        }
        catch (JsonException)
        {
            throw CallRefusedException.Unreadable($"The first message cannot be read as JSON; it must be {Form}.");
        }
    }

    private static SocketCredential Read(JsonElement message)
    {
        var problems = new RequestProblems();
        SocketCredential? found = null;
        foreach (var member in message.EnumerateObject())
        {
            if (member.Name is not (Key or Authorization))
            {
                problems.Add(CallersText.Show(member.Name, CallersText.LongestQuote), $"is not part of the first message, which has {Key} or {Authorization}");
            }
            else if (found is not null)
            {
                problems.Add(member.Name, "must not be set beside another");
            }
            else if (member.Value.ValueKind != JsonValueKind.String || member.Value.GetString() is not { Length: > 0 } text || text.Any(char.IsControl))
            {
                problems.Add(member.Name, "must be a text that would do as a header");
            }
            else
            {
                found = new SocketCredential(member.Name == Key ? KeyHeader : Authorization, text);
            }
        }

        problems.ThrowIfAny();
        return found ?? None;
    }
}
