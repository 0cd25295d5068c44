using Mfn.Client;

namespace Mfn.Cli.Contexts;

/// <summary>The server that a command calls, and what it takes to be let in.</summary>
/// <param name="Address">Where it is; none for this process.</param>
/// <param name="Origin">What named it, such as MFN_SERVER.</param>
/// <param name="Context">Its certificates and key; none for an address alone.</param>
internal sealed record ServerTarget(Uri? Address, string Origin, ServerContext? Context = null)
{
    /// <summary>Why no key is sent there: <see cref="MfnClientOptions.MayCarryKey"/>.</summary>
    public static string KeyInTheClear(Uri address) =>
        $"An API key is sent over https:// or to this machine only, but the server is {address.OriginalString}, where others could read it on the way.";
}
