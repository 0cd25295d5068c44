using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mfn.Server.Security;

/// <summary>What https listeners show to clients.</summary>
/// <param name="Certificate">The certificate with its key.</param>
/// <param name="Chain">All certificates of its file, of intermediate authorities too.</param>
internal sealed record ServerCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain)
{
    /// <summary>How long before a certificate expires somebody should know: enough to renew it in working hours.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int LeastRsaBits = 2048;

    private static readonly string[] WeakSignatures = ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"];

    /// <summary>From when on clients refuse it.</summary>
    public DateTimeOffset Expires => Certificate.NotAfter.ToUniversalTime();

    /// <summary>Until when clients refuse it.</summary>
    public DateTimeOffset Begins => Certificate.NotBefore.ToUniversalTime();

    /// <summary>Reads a certificate and its key; null if one is not there, or, which is noted, is not what a server can have.</summary>
    /// <param name="certificateFile">The file of the certificate; null if there is none.</param>
    /// <param name="keyFile">The file of its key; null if there is none.</param>
    /// <param name="now">Tells which certificates are valid.</param>
    /// <param name="problems">Gets what is wrong.</param>
    /// <param name="warnings">Gets what works, but will not for long, or not yet.</param>
    public static ServerCertificate? Read(TlsFile? certificateFile, TlsFile? keyFile, DateTimeOffset now, List<string> problems, List<string> warnings)
    {
        var certificates = certificateFile?.ReadCertificates(problems);
        var hasKey = keyFile is not null && HasPlainKey(keyFile, problems);
        if (certificates is null)
        {
            return null;
        }

        Check(certificateFile!, certificates[0], now, problems, warnings);
        return hasKey && WithKey(certificateFile!, keyFile!, certificates, problems) is { } certificate ? new ServerCertificate(certificate, certificates) : null;
    }

    private static X509Certificate2? WithKey(TlsFile certificateFile, TlsFile keyFile, X509Certificate2Collection certificates, List<string> problems)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificateFile.Text, keyFile.Text);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            problems.Add(certificates.Skip(1).Any(other => Fits(other, keyFile.Text))
                ? $"{keyFile.Name} '{keyFile.Path}' is the key of a certificate that is not the first of '{certificateFile.Path}': put the server's before those of authorities."
                : $"{keyFile.Name} must be the key of the certificate in '{certificateFile.Path}', but '{keyFile.Path}' is not, or is damaged.");
            return null;
        }
    }

    private static bool Fits(X509Certificate2 certificate, string keyPem)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), keyPem);
            return true;
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static bool HasPlainKey(TlsFile key, List<string> problems)
    {
        if (key.Text.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal) || key.Text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            problems.Add($"{key.Name} must be a key without a password, which nobody could enter, but '{key.Path}' has one: openssl pkey -in '{key.Path}' -out PLAIN.key");
            return false;
        }

        if (!key.Text.Contains(" PRIVATE KEY-----", StringComparison.Ordinal) && !key.Text.Contains("-----BEGIN PRIVATE KEY-----", StringComparison.Ordinal))
        {
            problems.Add($"{key.Name} must be a PEM file with a private key, but there is none in '{key.Path}'.");
            return false;
        }

        return true;
    }

    private static void Check(TlsFile file, X509Certificate2 certificate, DateTimeOffset now, List<string> problems, List<string> warnings)
    {
        if (certificate.NotAfter.ToUniversalTime() <= now)
        {
            problems.Add($"{file.Name} must be a certificate that is valid, but that in '{file.Path}' expired at {TlsFile.Tell(certificate.NotAfter)}.");
        }
        else if (certificate.NotAfter.ToUniversalTime() <= now + Notice)
        {
            warnings.Add($"The certificate in '{file.Path}' ({file.Setting}) expires at {TlsFile.Tell(certificate.NotAfter)}");
        }

        if (certificate.NotBefore.ToUniversalTime() > now)
        {
            // It may be the clock that is wrong, and will not be for long.
            warnings.Add($"The certificate in '{file.Path}' ({file.Setting}) is not valid before {TlsFile.Tell(certificate.NotBefore)}: clients will refuse it until then");
        }

        var usages = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().ToArray();
        if (usages.Length > 0 && !usages.Any(usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(each => each.Value == ServerAuthentication)))
        {
            problems.Add($"{file.Name} must be a certificate for servers, but that in '{file.Path}' has other purposes alone.");
        }

        using var rsa = certificate.GetRSAPublicKey();
        if (rsa?.KeySize < LeastRsaBits)
        {
            problems.Add($"{file.Name} must be a certificate whose RSA key has at least {LeastRsaBits} bits, but that in '{file.Path}' has {rsa.KeySize}.");
        }

        if (certificate.Subject != certificate.Issuer && WeakSignatures.Contains(certificate.SignatureAlgorithm.Value))
        {
            problems.Add($"{file.Name} must be a certificate that is signed with SHA-256 or better, but that in '{file.Path}' is signed with {certificate.SignatureAlgorithm.FriendlyName}.");
        }
    }
}
