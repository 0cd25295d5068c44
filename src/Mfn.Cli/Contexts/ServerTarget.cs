using System.Net;

namespace Mfn.Cli.Contexts;

/// <summary>The server that a command calls, and what it takes to be let in.</summary>
/// <param name="Address">Where it is; none for this process.</param>
/// <param name="Origin">What named it, such as MFN_SERVER.</param>
/// <param name="Context">Its certificates and key; none for an address alone.</param>
internal sealed record ServerTarget(Uri? Address, string Origin, ServerContext? Context = null)
{
    /// <summary>Whether a key may be sent there: over TLS, or to this machine.</summary>
    public static bool MayCarryKey(Uri address) =>
        address.Scheme == "https" || address.IsLoopback || (IPAddress.TryParse(address.Host, out var host) && IPAddress.IsLoopback(host));

    /// <summary>Why not.</summary>
    public static string KeyInTheClear(Uri address) =>
        $"An API key is sent over https:// or to this machine only, but the server is {address.OriginalString}, where others could read it on the way.";
}
