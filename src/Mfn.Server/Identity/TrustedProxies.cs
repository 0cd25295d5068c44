using System.Net;
using Mfn.Server.Configuration;
using Mfn.Server.Observability;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Identity;

/// <summary>The proxies whose word counts about who has called them; from everybody else it is dropped, and counted.</summary>
internal sealed class TrustedProxies : IDisposable
{
    private const string Unix = "unix";

    private readonly ServerMetrics _metrics;
    private readonly string? _header;
    private readonly IDisposable? _following;
    private volatile Trusted _trusted;

    public TrustedProxies(IOptionsMonitor<ProxyOptions> options, ServerMetrics metrics)
    {
        _metrics = metrics;
        _header = options.CurrentValue.CertificateHeader;
        _trusted = Trusted.Of(options.CurrentValue);
        _following = options.OnChange(changed => _trusted = Trusted.Of(changed));
    }

    /// <summary>The networks of a setting.</summary>
    /// <param name="text">Addresses and networks with commas between them.</param>
    /// <param name="trustsUnix">Whether whoever can reach a Unix domain socket is a proxy.</param>
    /// <param name="wrong">The first part that is neither; null if there is none.</param>
    public static IReadOnlyList<IPNetwork> Read(string text, out bool trustsUnix, out string? wrong)
    {
        var networks = new List<IPNetwork>();
        (trustsUnix, wrong) = (false, null);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (part == Unix)
            {
                trustsUnix = true;
            }
            else if (IPNetwork.TryParse(part, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(part, out var address))
            {
                networks.Add(new IPNetwork(address, 8 * address.GetAddressBytes().Length));
            }
            else
            {
                wrong ??= part;
            }
        }

        return networks;
    }

    /// <summary>Whether a proxy says something of its client's certificate.</summary>
    public bool HasCertificate(HttpContext context) =>
        _header is not null && context.Request.Headers[_header].ToString().Length > 0 && IsTrusted(context.Connection.RemoteIpAddress);

    /// <summary>What a proxy says of its client's certificate; null if it says nothing, or is nobody's to listen to.</summary>
    public string? Find(HttpContext context)
    {
        if (_header is null || context.Request.Headers[_header] is not { Count: > 0 } values || values.ToString().Length == 0)
        {
            return null;
        }

        if (IsTrusted(context.Connection.RemoteIpAddress))
        {
            return values.ToString();
        }

        _metrics.DroppedHeaders.Inc();
        return null;
    }

    public void Dispose() => _following?.Dispose();

    private bool IsTrusted(IPAddress? peer) => _trusted is var trusted && peer is null
        ? trusted.HasUnix
        : (peer!.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer) is var address && trusted.Networks.Any(network => network.Contains(address));

    private sealed record Trusted(IReadOnlyList<IPNetwork> Networks, bool HasUnix)
    {
        public static Trusted Of(ProxyOptions options) => new(Read(options.Addresses ?? "", out var hasUnix, out _), hasUnix);
    }
}
