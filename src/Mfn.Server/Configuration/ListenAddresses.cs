using System.Net;
using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>The addresses that a server listens at.</summary>
internal static class ListenAddresses
{
    private const string Example = "http://127.0.0.1:50051";

    /// <summary>The addresses that are right; what is wrong with the others is noted.</summary>
    /// <param name="urls">Addresses with semicolons between them.</param>
    /// <param name="name">What the giver of the addresses calls them.</param>
    /// <param name="problems">Gets what is wrong.</param>
    public static IReadOnlyList<BindingAddress> Read(string urls, string name, List<string> problems)
    {
        var addresses = new List<BindingAddress>();
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Problem(url, out var address) is { } problem)
            {
                problems.Add($"{name} {problem}, but was {CallersText.Quote(url)}.");
                continue;
            }

            var place = address!.IsUnixPipe ? address.UnixPipePath : $"{address.Host}:{address.Port}";
            if (address.Port != 0 && !seen.TryAdd(place, url))
            {
                problems.Add($"{name} has {CallersText.Quote(seen[place])} and {CallersText.Quote(url)}, which are the same address.");
                continue;
            }

            addresses.Add(address);
        }

        if (addresses.Count == 0 && problems.Count == 0)
        {
            problems.Add($"{name} must have an address such as {Example}, but was {CallersText.Quote(urls)}.");
        }

        return addresses;
    }

    /// <summary>The settings that say where calls are served, and what they say. Not where the web is by default: that is a loopback address, with TLS where the server has it.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="defaultUrl">Where gRPC is if the settings do not say.</param>
    public static IEnumerable<(string Setting, string Urls)> OfCalls(ServerSettings settings, string defaultUrl)
    {
        const string Web = $"{WebOptions.Section}:{nameof(WebOptions.Url)}";
        yield return (Settings.Urls, settings.Find(Settings.Urls) ?? defaultUrl);
        if (settings.Find(Web) is { Length: > 0 } web && web != WebOptions.Off)
        {
            yield return (Web, web);
        }
    }

    /// <summary>Whether calls to the address are encrypted.</summary>
    public static bool IsEncrypted(BindingAddress address) => address.Scheme.Equals("https", StringComparison.OrdinalIgnoreCase);

    private static string? Problem(string url, out BindingAddress? address)
    {
        address = null;
        if (!url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && !url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            return $"must be addresses such as {Example} or https://0.0.0.0:50051 with semicolons between them";
        }

        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return $"must be addresses such as {Example}";
        }

        if (address.IsUnixPipe)
        {
            return Path.IsPathFullyQualified(address.UnixPipePath) ? null : "must have the whole path of a Unix domain socket, as in http://unix:/run/mfn.sock";
        }

        if (address.PathBase.Length > 0)
        {
            return $"must have nothing behind the port, as in {Example}";
        }

        if (address.Port is < 0 or > IPEndPoint.MaxPort)
        {
            return $"must have a port between 0 and {IPEndPoint.MaxPort}, where 0 takes a free one";
        }

        var isLocalhost = address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
        if (isLocalhost && address.Port == 0)
        {
            return "must have 127.0.0.1 or [::1] instead of localhost, which can be both, where the port is 0";
        }

        // Any other name would be all addresses of the machine, a mistyped one too.
        return isLocalhost || address.Host is "*" or "+" || IPAddress.TryParse(address.Host, out _)
            ? null
            : "must have an IP address of this machine, localhost, or * for all of its addresses";
    }
}
