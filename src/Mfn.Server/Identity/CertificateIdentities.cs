using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mfn.Server.Texts;

namespace Mfn.Server.Identity;

/// <summary>The file that says whose certificates are whose: JSON with a format version and a list of identities, each with the subject or the URI of its certificates.</summary>
/// <remarks>A subject is as .NET and OpenSSL (<c>-nameopt RFC2253</c>) write it, with or without blanks behind its commas. A URI is whole, or its beginning and <c>*</c>.</remarks>
internal sealed class CertificateIdentities
{
    private const int FormatVersion = 1;
    private const string SubjectAlternativeName = "2.5.29.17";

    private static readonly JsonSerializerOptions Json = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowDuplicateProperties = false,
    };

    private readonly IReadOnlyList<Entry> _entries;

    private CertificateIdentities(IReadOnlyList<Entry> entries) => _entries = entries;

    /// <summary>Every client of the authorities is an admin of the default tenant, named by its first URI or its subject.</summary>
    public static CertificateIdentities OfEverybody { get; } = new([new Entry("*", TenantName.Default, [.. RoleNames.Of(Roles.Admin)])]);

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message, a sentence without its subject, says what is wrong.</exception>
    public static CertificateIdentities Read(string text)
    {
        try
        {
            var content = JsonSerializer.Deserialize<Content>(text, Json) ?? throw new JsonException("it is null");
            if (content.FormatVersion != FormatVersion)
            {
                throw new InvalidDataException($"has format version {content.FormatVersion}, but this server reads {FormatVersion}.");
            }

            foreach (var (i, entry) in content.Identities.Index())
            {
                Require((entry.Subject is null) != (entry.Uri is null), i, "must have one of subject and uri");
                Require(entry.Uri?.TrimEnd('*').Contains('*', StringComparison.Ordinal) != true, i, "may have * at the end of its uri alone");
                Require(IdentityName.IsValid(entry.Name), i, $"must have a name of {IdentityName.Rule}");
                Require(TenantName.IsValid(entry.Tenant), i, $"must have a tenant of {TenantName.Rule}");
                Require(entry.Roles.All(role => RoleNames.TryParse(role, out _)), i, $"must have roles among {string.Join(", ", RoleNames.All)}");
            }

            return new CertificateIdentities(content.Identities);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"is no file of certificates' identities: {JsonFault.Tell(error)}", error);
        }

        static void Require(bool holds, int index, string rule)
        {
            if (!holds)
            {
                throw new InvalidDataException($"has a wrong identity {index}, which {rule}.");
            }
        }
    }

    /// <summary>The URIs of a certificate's subject, SPIFFE ids among them.</summary>
    public static IReadOnlyList<string> UrisOf(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        var tag = new Asn1Tag(TagClass.ContextSpecific, 6);
        try
        {
            foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == SubjectAlternativeName))
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag().HasSameClassAndValue(tag))
                    {
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
        }
        catch (AsnContentException)
        {
            return [];
        }

        return uris;
    }

    /// <summary>Whose a certificate is: the first identity of the file that has one of its URIs, or else its subject; null if there is none.</summary>
    public CallerIdentity? Find(string subject, IReadOnlyList<string> uris, string credentialId)
    {
        var found = uris.Select(uri => _entries.FirstOrDefault(entry => entry.Uri is { } pattern && Fits(pattern, uri))).FirstOrDefault(entry => entry is not null)
            ?? _entries.FirstOrDefault(entry => entry.Subject is { } known && Plain(known) == Plain(subject))
            ?? _entries.FirstOrDefault(entry => entry.Subject is null && entry.Uri is null);
        if (found is null)
        {
            return null;
        }

        var roles = found.Roles.Aggregate(Roles.None, (all, name) => RoleNames.TryParse(name, out var role) ? all | role : all);
        var name = found.Name == "*" ? Visible(uris.Count > 0 ? uris[0] : subject) : found.Name;
        return new CallerIdentity(name, found.Tenant, roles, CredentialKind.Certificate, credentialId);
    }

    private static bool Fits(string pattern, string uri) =>
        pattern.EndsWith('*') ? uri.StartsWith(pattern[..^1], StringComparison.Ordinal) : uri == pattern;

    private static string Plain(string subject) => subject.Replace(", ", ",", StringComparison.Ordinal);

    private static string Visible(string text) => CallersText.Show(text.Replace(' ', '_'), 128);

    private sealed record Content(int FormatVersion, IReadOnlyList<Entry> Identities);

    private sealed record Entry(string Name, string Tenant, IReadOnlyList<string> Roles, string? Subject = null, string? Uri = null);
}
