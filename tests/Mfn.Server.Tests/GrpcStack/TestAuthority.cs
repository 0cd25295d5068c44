using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>A certificate authority that lives as long as a test.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;
    private readonly List<X509Certificate2> _issued = [];

    /// <param name="lifetime">How long it and its certificates are valid; an hour if null.</param>
    public TestAuthority(TimeSpan? lifetime = null)
    {
        var request = new CertificateRequest("CN=Test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow + (lifetime ?? TimeSpan.FromHours(1)));
    }

    public string RootPem => _root.ExportCertificatePem();

    /// <summary>Trusts this authority and nobody else.</summary>
    public X509ChainPolicy CreatePolicy() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { _root },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    /// <summary>A server's certificate.</summary>
    /// <param name="from">From when on it is valid; as long as the authority if null.</param>
    /// <param name="to">Until when it is valid; as long as the authority if null.</param>
    public X509Certificate2 IssueServer(DateTimeOffset? from = null, DateTimeOffset? to = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        return Issue("CN=server", ServerAuthentication, _root, from, to, names.Build());
    }

    /// <summary>A client that an authority between vouches for, and that authority.</summary>
    public (X509Certificate2 Client, X509Certificate2 Between) IssueClientOfAnother(string commonName)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Between", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.Create(_root, _root.NotBefore, _root.NotAfter, RandomNumberGenerator.GetBytes(16));
        var between = certificate.CopyWithPrivateKey(key);
        _issued.Add(between);
        return (Issue($"CN={commonName}", ClientAuthentication, between, null, null), between);
    }

    public X509Certificate2 IssueClient(string commonName) => Issue($"CN={commonName}", ClientAuthentication, _root, null, null);

    /// <summary>A client that has a URI, such as a SPIFFE id.</summary>
    public X509Certificate2 IssueClientWithUri(string uri)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(uri));
        return Issue("CN=by-uri", ClientAuthentication, _root, null, null, names.Build());
    }

    /// <summary>A client whose certificate has expired.</summary>
    public X509Certificate2 IssueExpiredClient()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=lab", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ClientAuthentication], true));
        using var certificate = request.Create(_root, _root.NotBefore, DateTimeOffset.UtcNow.AddMinutes(-1), RandomNumberGenerator.GetBytes(16));
        var withKey = certificate.CopyWithPrivateKey(key);
        _issued.Add(withKey);
        return withKey;
    }

    /// <summary>The list of what it has taken back, in PEM.</summary>
    public string Revoke(params X509Certificate2[] certificates)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var certificate in certificates)
        {
            list.AddEntry(certificate);
        }

        return PemEncoding.WriteString("X509 CRL", list.Build(_root, 1, DateTimeOffset.UtcNow.AddDays(1), HashAlgorithmName.SHA256));
    }

    public void Dispose()
    {
        _issued.ForEach(certificate => certificate.Dispose());
        _root.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Issue(string subject, Oid usage, X509Certificate2 issuer, DateTimeOffset? from, DateTimeOffset? to, params X509Extension[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], true));
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        using var certificate = request.Create(issuer, from ?? _root.NotBefore, to ?? _root.NotAfter, RandomNumberGenerator.GetBytes(16));
        var withKey = certificate.CopyWithPrivateKey(key);
        _issued.Add(withKey);
        return withKey;
    }
}
