using System.Text.Json;
using System.Text.Json.Serialization;
using Mfn.Server.Texts;

namespace Mfn.Server.Identity;

/// <summary>The file that <c>mfn key</c> writes and servers read: JSON with a format version and a list of keys, of which it has the hashes alone.</summary>
public static class ApiKeyFile
{
    /// <summary>The version of the format that is written, and the only one that is read.</summary>
    public const int FormatVersion = 1;

    /// <summary>The most keys that a file may have.</summary>
    public const int MaxKeys = 2500;

    private const int HashLength = 64;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowDuplicateProperties = false,
    };

    /// <summary>Reads what <see cref="Write"/> writes.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message, a sentence without its subject, says what is wrong.</exception>
    public static IReadOnlyList<ApiKey> Read(string text)
    {
        Content content;
        try
        {
            content = JsonSerializer.Deserialize<Content>(text, Json) ?? throw new JsonException("it is null");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"is no file of API keys: {JsonFault.Tell(error)}", error);
        }

        if (content.FormatVersion != FormatVersion)
        {
            throw new InvalidDataException($"has format version {content.FormatVersion}, but this version of mfn reads {FormatVersion}.");
        }

        if (content.Keys.Count > MaxKeys)
        {
            throw new InvalidDataException($"has {content.Keys.Count} keys, but may have {MaxKeys}.");
        }

        var keys = content.Keys.Select(Check).ToArray();
        return keys.GroupBy(key => key.Id).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new InvalidDataException($"has two keys with the id {twice.Key}.")
            : keys;
    }

    /// <summary>Writes keys.</summary>
    public static void Write(Stream destination, IEnumerable<ApiKey> keys) => JsonSerializer.Serialize(
        destination,
        new Content(FormatVersion, [.. keys.Select(key => new Entry(
            key.Id, key.Name, key.Tenant, RoleNames.Of(key.Roles), Convert.ToHexStringLower(key.Hash.Span), key.Created, key.Expires, key.Revoked))]),
        Json);

    private static ApiKey Check(Entry entry)
    {
        if (!ApiKeyText.IsId(entry.Id))
        {
            throw new InvalidDataException("has a key whose id is none, which must have 12 hexadecimal digits.");
        }

        if (entry.Sha256.Length != HashLength || !entry.Sha256.All(char.IsAsciiHexDigit))
        {
            throw new InvalidDataException($"has no SHA-256 of {HashLength} hexadecimal digits for the key {entry.Id}.");
        }

        if (!IdentityName.IsValid(entry.Name))
        {
            throw new InvalidDataException($"has a wrong name for the key {entry.Id}, which must be {IdentityName.Rule}.");
        }

        if (!TenantName.IsValid(entry.Tenant))
        {
            throw new InvalidDataException($"has a wrong tenant for the key {entry.Id}, which must be {TenantName.Rule}.");
        }

        var roles = Roles.None;
        foreach (var name in entry.Roles)
        {
            roles |= RoleNames.TryParse(name, out var role)
                ? role
                : throw new InvalidDataException($"has a wrong role for the key {entry.Id}, which must be one of {string.Join(", ", RoleNames.All)}.");
        }

        return new ApiKey(entry.Id, entry.Name, entry.Tenant, roles, Convert.FromHexString(entry.Sha256), entry.Created, entry.Expires, entry.Revoked);
    }

    private sealed record Content(int FormatVersion, IReadOnlyList<Entry> Keys);

    private sealed record Entry(
        string Id,
        string Name,
        string Tenant,
        IReadOnlyList<string> Roles,
        string Sha256,
        DateTimeOffset Created,
        DateTimeOffset? Expires = null,
        DateTimeOffset? Revoked = null);
}
