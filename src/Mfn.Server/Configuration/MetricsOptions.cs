using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>Where operators' tools find metrics and health.</summary>
internal sealed class MetricsOptions
{
    public const string Section = "Metrics";

    /// <summary>Where metrics are unless somebody says otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:9464";

    /// <summary>What turns it off.</summary>
    public const string Off = "off";

    [Setting(
        "where to serve `/metrics` for Prometheus, and `/livez` and `/readyz`: HTTP/1.1 without TLS and without authentication, on a port of its own; no RPC is served there. `off` for nowhere. " +
        "If nobody sets it and the port is taken, the server warns, and goes on without",
        Values = "`http://` with an IP address, `localhost` or `*`, and a port; `off`")]
    public string Url { get; set; } = DefaultUrl;

    /// <summary>Notes what is wrong with the address, if somebody has given one.</summary>
    public static void Check(ServerSettings settings)
    {
        const string Name = $"{Section}:{nameof(Url)}";
        if (settings.Find(Name) is not { Length: > 0 } url || url == Off)
        {
            return;
        }

        var count = settings.Problems.Count;
        var addresses = ListenAddresses.Read(url, settings.NameOf(Name), settings.Problems);
        if (settings.Problems.Count == count && (addresses.Count != 1 || ListenAddresses.IsEncrypted(addresses[0])))
        {
            settings.Problems.Add($"{settings.NameOf(Name)} must be one address that begins with http://, or {Off}, but was {CallersText.Quote(url)}.");
        }
    }
}
