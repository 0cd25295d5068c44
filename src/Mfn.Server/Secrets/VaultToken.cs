namespace Mfn.Server.Secrets;

/// <summary>What a reader shows to Vault.</summary>
/// <param name="Value">The token.</param>
/// <param name="FirstLease">For how long it was good when it was got; zero for ever.</param>
/// <param name="Lease">For how long it was good when it was got or renewed last.</param>
/// <param name="IsRenewable">Whether that can be made longer.</param>
/// <param name="Obtained">When it was got or renewed last.</param>
internal sealed record VaultToken(string Value, TimeSpan FirstLease, TimeSpan Lease, bool IsRenewable, DateTimeOffset Obtained)
{
    /// <summary>When it ends; null for never.</summary>
    public DateTimeOffset? Expires => Lease > TimeSpan.Zero ? Obtained + Lease : null;

    /// <summary>When a third of its time is left.</summary>
    public DateTimeOffset? ThirdLeft => Lease > TimeSpan.Zero ? Obtained + (Lease * 2 / 3) : null;

    // The text of a record has all that is in it.
    public override string ToString() => nameof(VaultToken);
}
