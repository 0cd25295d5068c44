using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Mfn.Server.Identity;

/// <summary>
/// The client certificate that a proxy tells of in a header: the certificate itself, as percent-encoded PEM (nginx) or base64 of DER (HAProxy); or Envoy's
/// <c>x-forwarded-client-cert</c>, whose last element is of the nearest proxy's client.
/// </summary>
internal sealed record ForwardedCertificate(X509Certificate2? Certificate, string Subject, IReadOnlyList<string> Uris)
{
    private const int MaxLength = 64 * 1024;
    private const string Pem = "-----BEGIN CERTIFICATE-----";

    private static readonly string[] PairNames = ["By", "Hash", "Cert", "Chain", "Subject", "URI", "DNS"];

    /// <summary>Reads the header; null if it is none that is known.</summary>
    public static ForwardedCertificate? Read(string header)
    {
        if (header.Length > MaxLength)
        {
            return null;
        }

        try
        {
            return LooksLikePairs(header) ? OfPairs(Split(header, ',')[^1]) : Of(header);
        }
        catch (Exception error) when (error is CryptographicException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static ForwardedCertificate Of(string text)
    {
        var plain = text.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(text) : text;
        var certificate = plain.StartsWith(Pem, StringComparison.Ordinal)
            ? X509Certificate2.CreateFromPem(plain)
            : X509CertificateLoader.LoadCertificate(Convert.FromBase64String(plain));
        return new ForwardedCertificate(certificate, certificate.Subject, CertificateIdentities.UrisOf(certificate));
    }

    private static ForwardedCertificate? OfPairs(string element)
    {
        var (subject, uris) = ("", new List<string>());
        foreach (var pair in Split(element, ';'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                return null;
            }

            var value = Unquote(pair[(equals + 1)..]);
            switch (pair[..equals].Trim().ToUpperInvariant())
            {
                case "CERT" when value.Length > 0:
                    return Of(value);
                case "SUBJECT":
                    subject = value;
                    break;
                case "URI" when value.Length > 0:
                    uris.Add(value);
                    break;
            }
        }

        return subject.Length > 0 || uris.Count > 0 ? new ForwardedCertificate(null, subject, uris) : null;
    }

    // Neither percent-encoded PEM nor base64 begins with one of Envoy's keys.
    private static bool LooksLikePairs(string header) =>
        header.IndexOf('=', StringComparison.Ordinal) is var equals and > 0 && PairNames.Contains(header[..equals].Trim(), StringComparer.OrdinalIgnoreCase);

    private static string Unquote(string value) =>
        value.Length >= 2 && value[0] == '"' && value[^1] == '"' ? value[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal) : value;

    /// <summary>The parts between separators that are not in quotation marks.</summary>
    private static List<string> Split(string text, char separator)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && isQuoted && i + 1 < text.Length)
            {
                part.Append(text[i++]).Append(text[i]);
                continue;
            }

            isQuoted ^= text[i] == '"';
            if (text[i] == separator && !isQuoted)
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else
            {
                part.Append(text[i]);
            }
        }

        parts.Add(part.ToString());
        return parts;
    }
}
