using System.Formats.Asn1;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Security;

namespace Mfn.Server.Tests.Security;

public sealed class ClientCertificateTests : IDisposable
{
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    private readonly List<IDisposable> _disposables = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-client-certificates-");

    /// <summary>Keys as "rsa" or "curve" with their bits, hashes, paddings; and whether a client with it is served.</summary>
    public static TheoryData<string, string, string, string?> Certificates => new()
    {
        { "rsa-2048", "SHA256", "Pkcs1", null },
        { "rsa-3072", "SHA384", "Pkcs1", null },
        { "rsa-2048", "SHA256", "Pss", null },
        { "rsa-2048", "SHA512", "Pss", null },
        { "curve-256", "SHA256", "", null },
        { "curve-384", "SHA384", "", null },
        { "curve-521", "SHA512", "", null },
        { "rsa-1024", "SHA256", "Pkcs1", "The key of 'CN=client' must have at least 2048 bits, but has 1024." },
        { "rsa-1536", "SHA256", "Pkcs1", "The key of 'CN=client' must have at least 2048 bits, but has 1536." },
        { "rsa-2048", "SHA1", "Pkcs1", "'CN=client' must be signed with SHA-256, SHA-384 or SHA-512, but was with sha1RSA." },
        { "rsa-2048", "MD5", "Pkcs1", "'CN=client' must be signed with SHA-256, SHA-384 or SHA-512, but was with md5RSA." },
        { "rsa-2048", "SHA1", "Pss", "'CN=client' must be signed with SHA-256, SHA-384 or SHA-512, but was with RSASSA-PSS." },
        { "curve-256", "SHA1", "", "'CN=client' must be signed with SHA-256, SHA-384 or SHA-512, but was with sha1ECDSA." },
    };

    [Theory, MemberData(nameof(Certificates))]
    public void FindProblems_OfAKeyAndAHash_SaysWhatIsTooWeak(string key, string hash, string padding, string? expected)
    {
        var root = Root(key.StartsWith("rsa", StringComparison.Ordinal) ? "rsa-2048" : "curve-256", "SHA256", padding);

        var problems = FindProblems(Issue(root, "CN=client", key, hash, padding), root);

        Assert.Equal(expected is null ? [] : [expected], problems);
    }

    /// <summary>What signs an authority is of no interest; its key is.</summary>
    [Theory]
    [InlineData("rsa-2048", "SHA1", null)]
    [InlineData("rsa-1024", "SHA256", "The key of 'CN=root' must have at least 2048 bits, but has 1024.")]
    public void FindProblems_OfAnAuthority_AreItsKeyAlone(string key, string hash, string? expected)
    {
        var root = Root(key, hash, "Pkcs1");

        var problems = FindProblems(Issue(root, "CN=client", "rsa-2048", "SHA256", "Pkcs1"), root);

        Assert.Equal(expected is null ? [] : [expected], problems);
    }

    [Fact]
    public void FindProblems_OfAnIntermediate_CountToo()
    {
        var root = Root("rsa-2048", "SHA256", "Pkcs1");
        var intermediate = Issue(root, "CN=between", "rsa-1024", "SHA1", "Pkcs1", isAuthority: true);

        var problems = FindProblems(Issue(intermediate, "CN=client", "rsa-2048", "SHA256", "Pkcs1"), root, intermediate);

        Assert.Equal(
            [
                "The key of 'CN=between' must have at least 2048 bits, but has 1024.",
                "'CN=between' must be signed with SHA-256, SHA-384 or SHA-512, but was with sha1RSA.",
            ],
            problems);
    }

    [Theory]
    [InlineData("rsa-2048", "SHA256", true)]
    [InlineData("rsa-1024", "SHA256", false)]
    [InlineData("rsa-2048", "SHA1", false)]
    public async Task Handshake_OfAWeakCertificate_Fails(string key, string hash, bool isServed)
    {
        var root = Root("rsa-2048", "SHA256", "Pkcs1");
        var own = Issue(root, "CN=server", "rsa-2048", "SHA256", "Pkcs1", usage: ServerAuthentication);
        await using var server = MfnServer.Build(
            "--urls=https://127.0.0.1:0",
            "--Logging:LogLevel:Default=None",
            $"--Tls:CertificateFile={Write("server.pem", own.ExportCertificatePem())}",
            $"--Tls:KeyFile={Write("server.key", own.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem())}",
            $"--Tls:ClientAuthorityFile={Write("root.pem", root.ExportCertificatePem())}");
        await server.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(server.Urls.Single()).Port);
        await using var tls = new SslStream(client.GetStream());

        // The client learns what the server thinks of its certificate after its own handshake.
        var isAlive = false;
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, certificate, _, _) => own.Equals(certificate),
                ClientCertificateContext = SslStreamCertificateContext.Create(Issue(root, "CN=client", key, hash, "Pkcs1"), null),
                ApplicationProtocols = [SslApplicationProtocol.Http2],
            });
            await tls.WriteAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0]);
            isAlive = await tls.ReadAsync(new byte[1]) > 0;
        }
        catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
        {
        }

        Assert.Equal(isServed, isAlive);
    }

    public void Dispose()
    {
        _disposables.ForEach(each => each.Dispose());
        _folder.Delete(recursive: true);
    }

    private static List<string> FindProblems(X509Certificate2 certificate, X509Certificate2 root, params X509Certificate2[] others)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(others);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        Assert.True(chain.Build(certificate), string.Join(' ', chain.ChainStatus.Select(status => status.StatusInformation)));
        return [.. ClientCertificatePolicy.FindProblems(chain)];
    }

    private X509Certificate2 Root(string key, string hash, string padding)
    {
        var request = Request("CN=root", key, hash, padding, isAuthority: true, ClientAuthentication, out var privateKey);
        var now = DateTimeOffset.UtcNow;
        using var certificate = request.Create(request.SubjectName, new AnySignature(privateKey, PaddingOf(padding)), now.AddHours(-1), now.AddHours(1), [1]);
        return Keep(WithKey(certificate, privateKey));
    }

    private X509Certificate2 Issue(
        X509Certificate2 issuer, string subject, string key, string hash, string padding, bool isAuthority = false, Oid? usage = null)
    {
        var request = Request(subject, key, hash, padding, isAuthority, usage ?? ClientAuthentication, out var privateKey);
        var generator = new AnySignature(Keep((AsymmetricAlgorithm?)issuer.GetRSAPrivateKey() ?? issuer.GetECDsaPrivateKey()!), PaddingOf(padding));
        using var certificate = request.Create(issuer.SubjectName, generator, issuer.NotBefore, issuer.NotAfter, RandomNumberGenerator.GetBytes(16));
        return Keep(WithKey(certificate, privateKey));
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, AsymmetricAlgorithm key) =>
        key is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)key);

    private CertificateRequest Request(string subject, string key, string hash, string padding, bool isAuthority, Oid usage, out AsymmetricAlgorithm privateKey)
    {
        var bits = int.Parse(key.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);
        CertificateRequest request;
        if (key.StartsWith("rsa", StringComparison.Ordinal))
        {
            privateKey = RSA.Create(bits);
            request = new CertificateRequest(subject, (RSA)privateKey, new HashAlgorithmName(hash), PaddingOf(padding));
        }
        else
        {
            privateKey = ECDsa.Create(bits switch { 256 => ECCurve.NamedCurves.nistP256, 384 => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
            request = new CertificateRequest(subject, (ECDsa)privateKey, new HashAlgorithmName(hash));
        }

        Keep(privateKey);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        if (!isAuthority)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], true));
        }

        return request;
    }

    private static RSASignaturePadding PaddingOf(string padding) => padding == "Pss" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    private T Keep<T>(T disposable)
        where T : IDisposable
    {
        _disposables.Add(disposable);
        return disposable;
    }

    /// <summary>Signs with what the library no longer signs with.</summary>
    private sealed class AnySignature(AsymmetricAlgorithm key, RSASignaturePadding padding) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
        {
            var isPss = padding == RSASignaturePadding.Pss;
            var (algorithm, hasParameters) = (hashAlgorithm.Name, key is RSA) switch
            {
                ("SHA1", true) when isPss => ("1.2.840.113549.1.1.10", true),
                ("SHA1", true) => ("1.2.840.113549.1.1.5", true),
                ("MD5", true) => ("1.2.840.113549.1.1.4", true),
                ("SHA1", false) => ("1.2.840.10045.4.1", false),
                _ => ("", false),
            };
            if (algorithm.Length == 0)
            {
                return Known.GetSignatureAlgorithmIdentifier(hashAlgorithm);
            }

            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(algorithm);
                if (isPss && hasParameters)
                {
                    // Without a word of the hash: SHA-1.
                    writer.PushSequence().Dispose();
                }
                else if (hasParameters)
                {
                    writer.WriteNull();
                }
            }

            return writer.Encode();
        }

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key is RSA rsa
            ? rsa.SignData(data, hashAlgorithm, padding)
            : ((ECDsa)key).SignData(data, hashAlgorithm, DSASignatureFormat.Rfc3279DerSequence);

        protected override PublicKey BuildPublicKey() => Known.PublicKey;

        private X509SignatureGenerator Known => key is RSA rsa ? CreateForRSA(rsa, padding) : CreateForECDsa((ECDsa)key);
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }
}
