namespace Mfn.Server.Secrets;

/// <summary>How a Vault is reached, and who its reader is there.</summary>
/// <param name="Address">Its URL; https, or http of this machine.</param>
/// <param name="Read">The content of a file that one of these settings names; throws <see cref="SecretUnavailableException"/>.</param>
internal sealed record VaultAccess(Uri Address, Func<string, string> Read)
{
    /// <summary>The file with the token; null if the reader logs in.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The path of the method by which it logs in, such as auth/kubernetes/login.</summary>
    public string LoginPath { get; init; } = "";

    /// <summary>What it logs in with, read each time.</summary>
    public Func<IReadOnlyDictionary<string, string>> Credentials { get; init; } = () => new Dictionary<string, string>();

    /// <summary>The setting that says who the reader is.</summary>
    public string Setting { get; init; } = "";

    /// <summary>The namespace of Vault Enterprise; null for none.</summary>
    public string? Namespace { get; init; }

    /// <summary>The file with the authorities of its certificate; null for those of the system.</summary>
    public string? AuthorityFile { get; init; }

    // The text of a record has all that is in it.
    public override string ToString() => Address.Host;
}
