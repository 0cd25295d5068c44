using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mfn.Server.Identity;

/// <summary>Which certificates their authorities have taken back (CRL, RFC 5280). Who may write the file is trusted: signatures are not checked.</summary>
internal sealed class RevocationLists
{
    private readonly HashSet<string> _revoked = new(StringComparer.Ordinal);

    private RevocationLists()
    {
    }

    /// <summary>Nothing is revoked.</summary>
    public static RevocationLists None { get; } = new();

    /// <summary>When the first of the lists was to be replaced by its authority; null if none says.</summary>
    public DateTimeOffset? NextUpdate { get; private set; }

    /// <summary>Reads one or several lists in PEM.</summary>
    /// <exception cref="InvalidDataException">There are none, or one is damaged; the message is a sentence without its subject.</exception>
    public static RevocationLists Read(string pem)
    {
        var lists = new RevocationLists();
        var count = 0;
        var rest = pem.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[fields.Label] is "X509 CRL")
            {
                count++;
                lists.Add(Convert.FromBase64String(rest[fields.Base64Data].ToString()));
            }

            rest = rest[fields.Location.End..];
        }

        return count > 0 ? lists : throw new InvalidDataException("has no list of revoked certificates in PEM (X509 CRL).");
    }

    /// <summary>Whether a certificate is on its authority's list.</summary>
    public bool Has(X509Certificate2 certificate) => _revoked.Count > 0 && _revoked.Contains(NameOf(certificate.IssuerName.RawData, certificate.SerialNumberBytes.Span));

    private static string NameOf(ReadOnlySpan<byte> issuer, ReadOnlySpan<byte> serial) => $"{Convert.ToHexString(SHA256.HashData(issuer))}/{Convert.ToHexString(serial.TrimStart((byte)0))}";

    private void Add(byte[] list)
    {
        try
        {
            var content = new AsnReader(list, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            if (content.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
            {
                content.ReadInteger();
            }

            content.ReadSequence();
            var issuer = content.ReadEncodedValue();
            ReadTime(content);
            if (content.HasData && IsTime(content.PeekTag()) && ReadTime(content) is var next && (NextUpdate is null || next < NextUpdate))
            {
                NextUpdate = next;
            }

            if (!content.HasData || !content.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
            {
                return;
            }

            var entries = content.ReadSequence();
            while (entries.HasData)
            {
                _revoked.Add(NameOf(issuer.Span, entries.ReadSequence().ReadIntegerBytes().Span));
            }
        }
        catch (AsnContentException error)
        {
            throw new InvalidDataException("has a list of revoked certificates that is damaged.", error);
        }
    }

    private static bool IsTime(Asn1Tag tag) => tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) => reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();
}
