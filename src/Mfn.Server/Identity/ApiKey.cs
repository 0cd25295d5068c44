namespace Mfn.Server.Identity;

/// <summary>What is kept of an API key: all but the key.</summary>
/// <param name="Id">Names it; part of the key itself.</param>
/// <param name="Name">Whose it is: the name of the identity that it gives.</param>
/// <param name="Tenant">Whose runs it sees.</param>
/// <param name="Roles">What it is for.</param>
/// <param name="Hash">The SHA-256 of the key.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">From when on it is refused; null for never.</param>
/// <param name="Revoked">When it was revoked; null if it was not.</param>
public sealed record ApiKey(
    string Id, string Name, string Tenant, Roles Roles, ReadOnlyMemory<byte> Hash, DateTimeOffset Created, DateTimeOffset? Expires, DateTimeOffset? Revoked);
