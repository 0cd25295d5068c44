using System.ComponentModel.DataAnnotations;
using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>Where scripts and browsers find the same capabilities as gRPC clients.</summary>
internal sealed class WebOptions
{
    public const string Section = "Web";

    /// <summary>Where REST is unless somebody says otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:8080";

    /// <summary>The same where the server has a certificate.</summary>
    public const string DefaultTlsUrl = "https://127.0.0.1:8080";

    /// <summary>What turns it off.</summary>
    public const string Off = "off";

    /// <summary>What lets browsers' pages of all origins in.</summary>
    public const string AnyOrigin = "*";

    [Setting(
        "where to serve [REST](rest.md): HTTP/1.1 without TLS, HTTP/1.1 and HTTP/2 with TLS, by the same certificate as gRPC; the same authentication, limits and prices hold. " +
        "`off` for nowhere. Unless somebody sets it, it is `https://` where the server has a certificate. If nobody sets it and the port is taken, the server warns, and goes on without",
        Values = "`http://` or `https://` with an IP address, `localhost` or `*`, and a port; `off`")]
    public string Url { get; set; } = DefaultUrl;

    [Setting(
        "origins whose pages browsers may let call the server, such as `https://lab.example.org`, with commas between them; `*` for all. Pages that come from the server itself always may",
        Values = "origins: scheme, host and port, without a path")]
    public string AllowedOrigins { get; set; } = "";

    [Setting("how often a client of [the Python service's WebSockets](reference-api.md#websocket) is sent a heartbeat; one that has not answered for twice as long is disconnected")]
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Notes what is wrong with the address and the origins, if somebody has given them.</summary>
    public static void Check(ServerSettings settings)
    {
        const string Name = $"{Section}:{nameof(Url)}";
        const string Origins = $"{Section}:{nameof(AllowedOrigins)}";
        foreach (var origin in Split(settings.Find(Origins) ?? "").Where(origin => origin != AnyOrigin && !IsOrigin(origin)))
        {
            settings.Problems.Add($"{settings.NameOf(Origins)} must be origins such as https://lab.example.org or http://localhost:3000, or *, but was {CallersText.Quote(origin)}.");
        }

        if (settings.Find(Name) is not { Length: > 0 } url || url == Off)
        {
            return;
        }

        // What each address must be is told of those of all calls.
        var problems = new List<string>();
        var addresses = ListenAddresses.Read(url, settings.NameOf(Name), problems);
        if (problems.Count == 0 && (addresses.Count != 1 || addresses[0].IsUnixPipe))
        {
            settings.Problems.Add($"{settings.NameOf(Name)} must be one address with a port, or {Off}, but was {CallersText.Quote(url)}.");
        }
    }

    /// <summary>The origins of a list.</summary>
    public static IReadOnlyList<string> Split(string origins) => origins.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // As a browser writes it, apart from letters' case.
    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);
}
