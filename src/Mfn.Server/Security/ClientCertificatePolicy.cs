using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Texts;

namespace Mfn.Server.Security;

/// <summary>
/// How strong a client's certificate must be, and those between it and its authority: one that can be forged proves nothing. TLS libraries ask for less,
/// which differs between systems.
/// </summary>
internal static class ClientCertificatePolicy
{
    /// <summary>The least bits of an RSA key.</summary>
    public const int LeastRsaBits = 2048;

    /// <summary>The least bits of a key on an elliptic curve.</summary>
    public const int LeastCurveBits = 256;

    private const string RsaWithPadding = "1.2.840.113549.1.1.10";

    private static readonly HashSet<string> StrongSignatures =
    [
        "1.2.840.113549.1.1.11", // RSA with SHA-256, SHA-384, SHA-512
        "1.2.840.113549.1.1.12",
        "1.2.840.113549.1.1.13",
        "1.2.840.10045.4.3.2",   // ECDSA with the same
        "1.2.840.10045.4.3.3",
        "1.2.840.10045.4.3.4",
    ];

    private static readonly HashSet<string> StrongHashes = ["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"];

    /// <summary>What is too weak in a chain that was built; nothing signs its last one, the authority, which the operator trusts.</summary>
    public static IEnumerable<string> FindProblems(X509Chain chain)
    {
        foreach (var (i, element) in chain.ChainElements.Index())
        {
            var certificate = element.Certificate;
            var isAuthority = i > 0 && i == chain.ChainElements.Count - 1;
            var name = CallersText.Quote(certificate.Subject);
            if (FindKeyProblem(certificate) is { } problem)
            {
                yield return $"The key of {name} {problem}.";
            }

            if (!isAuthority && !IsStronglySigned(certificate))
            {
                var algorithm = certificate.SignatureAlgorithm;
                yield return $"{name} must be signed with SHA-256, SHA-384 or SHA-512, but was with {algorithm.FriendlyName ?? algorithm.Value}.";
            }
        }
    }

    private static string? FindKeyProblem(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        if (rsa is not null)
        {
            return rsa.KeySize < LeastRsaBits ? $"must have at least {LeastRsaBits} bits, but has {rsa.KeySize}" : null;
        }

        using var curve = certificate.GetECDsaPublicKey();
        return curve switch
        {
            null => $"must be for RSA or ECDSA, but is for {certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value}",
            { KeySize: < LeastCurveBits } => $"must have at least {LeastCurveBits} bits, but has {curve.KeySize}",
            _ => null,
        };
    }

    private static bool IsStronglySigned(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value is { } algorithm
        && (algorithm == RsaWithPadding ? HasStrongHash(certificate.RawDataMemory) : StrongSignatures.Contains(algorithm));

    /// <summary>RSASSA-PSS names its hash in its parameters (RFC 4055); without a name it is SHA-1.</summary>
    private static bool HasStrongHash(ReadOnlyMemory<byte> certificate)
    {
        try
        {
            var outer = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence();
            outer.ReadEncodedValue();
            var algorithm = outer.ReadSequence();
            algorithm.ReadObjectIdentifier();
            var parameters = algorithm.ReadSequence();
            var hashTag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
            return parameters.HasData && parameters.PeekTag() == hashTag
                && StrongHashes.Contains(parameters.ReadSequence(hashTag).ReadSequence().ReadObjectIdentifier());
        }
        catch (AsnContentException)
        {
            return false;
        }
    }
}
