using System.Collections;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Configuration;
using Mfn.Server.Security;

namespace Mfn.Server.Tests.Security;

/// <summary>A server does not start with certificates that nobody could use, nor with addresses that are less safe than its settings look.</summary>
public sealed class TlsSettingsTests : IDisposable
{
    private const string Https = "https://127.0.0.1:0";
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-tls-settings-");

    private string Certificate => Path.Combine(_folder.FullName, "server.pem");

    private string Key => Path.Combine(_folder.FullName, "server.key");

    private string Authority => Path.Combine(_folder.FullName, "ca.pem");

    [Fact]
    public void Pair_ThatFits_IsTaken()
    {
        WritePair();

        Assert.Empty(Problems(Https));
        Assert.Empty(Problems("https://127.0.0.1:0;http://127.0.0.1:0"));
        Assert.Empty(Problems(Https, withAuthority: true));
    }

    [Theory]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0")]
    [InlineData("https://127.0.0.1:0;http://127.0.0.1:50051", "http://127.0.0.1:50051")]
    [InlineData("https://127.0.0.1:0;HTTP://*:50051;http://[::1]:1", "http://*:50051 and http://[::1]:1")]
    [InlineData(null, "http://127.0.0.1:50051 (the default)")]
    public void ClientAuthorities_WithAnAddressInPlainText_AreRefused(string? urls, string at)
    {
        WritePair();

        Assert.Equal(
            [$"--set Tls:ClientAuthorityFile is for https:// addresses alone, but the server would also serve clients without any certificate at {at}: change that to https://, or leave it out."],
            Problems(urls, withAuthority: true),
            StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0")]
    [InlineData(null, "http://127.0.0.1:50051 (the default)")]
    public void Certificate_WithoutAnAddressForIt_IsRefused(string? urls, string at)
    {
        WritePair();

        Assert.Equal(
            [$"--set Tls:CertificateFile is for https:// addresses, but the server would listen without encryption, and only at {at}: change that to https://."],
            Problems(urls));
    }

    [Fact]
    public void HalfOfAPair_IsRefused()
    {
        WritePair();

        Assert.Equal(["--set Tls:CertificateFile and Tls:KeyFile must be set together."], Read($"Tls:CertificateFile={Certificate}"));
        Assert.Equal(
            ["Tls:CertificateFile and --set Tls:KeyFile must be set together.", $"--urls has {Https}, which needs Tls:CertificateFile and Tls:KeyFile."],
            Read($"Tls:KeyFile={Key}"));
        Assert.Equal(
            ["--set Tls:ClientAuthorityFile needs Tls:CertificateFile and Tls:KeyFile.", $"--urls has {Https}, which needs Tls:CertificateFile and Tls:KeyFile."],
            Read($"Tls:ClientAuthorityFile={Authority}"));

        IReadOnlyList<string> Read(string setting) => Load(["--urls", Https, "--set", setting]).Problems;
    }

    [Fact]
    public void Files_ThatCannotBeRead_AreAllTold()
    {
        File.WriteAllText(Certificate, "");
        File.WriteAllBytes(Key, [0x30, 0x82, 0xff, 0xfe]);

        Assert.Equal(
            [
                $"--set Tls:CertificateFile must be a PEM file, but '{Certificate}' is empty.",
                $"--set Tls:KeyFile must be a file of UTF-8 text, but '{Key}' is not.",
                $"--set Tls:ClientAuthorityFile must be an existing file, but there is no '{Authority}'.",
            ],
            Problems(Https, withAuthority: true));
        Assert.Equal(
            [
                $"--set Tls:CertificateFile must be a file, but '{_folder.FullName}' is a folder.",
                "--set Tls:KeyFile must be a file of at most 1 MiB, but '/dev/zero' is larger.",
            ],
            Load(["--urls", Https, "--set", $"Tls:CertificateFile={_folder.FullName}", "--set", "Tls:KeyFile=/dev/zero"]).Problems);
    }

    [Fact]
    public void Files_WithoutWhatTheyAreFor_AreAllTold()
    {
        WritePair();
        File.WriteAllText(Authority, File.ReadAllText(Key));
        File.Copy(Certificate, Key, overwrite: true);
        File.WriteAllText(Certificate, "hello");

        Assert.Equal(
            [
                $"--set Tls:CertificateFile must be a PEM file with certificates, but there is none in '{Certificate}'.",
                $"--set Tls:KeyFile must be a PEM file with a private key, but there is none in '{Key}'.",
                $"--set Tls:ClientAuthorityFile must be a PEM file with certificates, but there is none in '{Authority}'.",
            ],
            Problems(Https, withAuthority: true));
    }

    [Fact]
    public void Certificate_ThatIsDamaged_IsRefused()
    {
        WritePair();
        var lines = File.ReadAllLines(Certificate);
        lines[2] = new string('A', lines[2].Length);
        File.WriteAllLines(Certificate, lines);

        var problem = Assert.Single(Problems(Https));

        Assert.Contains(Certificate, problem, StringComparison.Ordinal);
        Assert.Matches("damaged|is not, or", problem);
    }

    [Fact]
    public void Key_OfAnotherCertificate_IsRefused()
    {
        WritePair();
        foreach (var other in new AsymmetricAlgorithm[] { ECDsa.Create(ECCurve.NamedCurves.nistP256), RSA.Create(2048) })
        {
            File.WriteAllText(Key, other.ExportPkcs8PrivateKeyPem());
            other.Dispose();

            Assert.Equal([$"--set Tls:KeyFile must be the key of the certificate in '{Certificate}', but '{Key}' is not, or is damaged."], Problems(Https));
        }
    }

    [Fact]
    public void Key_WithAPassword_IsRefusedWithWhatToDo()
    {
        WritePair();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(Key, key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));

        Assert.Equal(
            [$"--set Tls:KeyFile must be a key without a password, which nobody could enter, but '{Key}' has one: openssl pkey -in '{Key}' -out PLAIN.key"],
            Problems(Https));
    }

    [Fact]
    public void Certificate_BehindThatOfItsAuthority_IsRefusedWithWhatToDo()
    {
        WritePair();
        File.WriteAllText(Certificate, File.ReadAllText(Authority) + "\n" + File.ReadAllText(Certificate));

        Assert.Equal(
            [$"--set Tls:KeyFile '{Key}' is the key of a certificate that is not the first of '{Certificate}': put the server's before those of authorities."],
            Problems(Https));
    }

    [Theory]
    [InlineData(-20, -10, 1, "must be a certificate that is valid, but that in 'FILE' expired at 2026-06-21 12:00:00 UTC.")]
    [InlineData(-20, 0, 1, "must be a certificate that is valid, but that in 'FILE' expired at 2026-07-01 12:00:00 UTC.")]
    [InlineData(-20, 10, 0, "The certificate in 'FILE' (Tls:CertificateFile) expires at 2026-07-11 12:00:00 UTC")]
    [InlineData(1, 100, 0, "The certificate in 'FILE' (Tls:CertificateFile) is not valid before 2026-07-02 12:00:00 UTC: clients will refuse it until then")]
    [InlineData(-20, 100, 0, null)]
    public void Certificate_OutOfItsTime_IsRefusedOrWarnedOf(int fromDay, int toDay, int problemCount, string? told)
    {
        WritePair(fromDay: fromDay, toDay: toDay);

        var (problems, credentials) = Load(Arguments(Https, withAuthority: false));

        Assert.Equal(problemCount, problems.Count);
        Assert.Equal(told?.Replace("FILE", Certificate, StringComparison.Ordinal), problems.Concat(credentials.Warnings).SingleOrDefault()?.Replace("--set Tls:CertificateFile ", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ClientUse, 2048, "SHA256", "must be a certificate for servers, but that in 'FILE' has other purposes alone.")]
    [InlineData(ServerUse, 1024, "SHA256", "must be a certificate whose RSA key has at least 2048 bits, but that in 'FILE' has 1024.")]
    [InlineData(ServerUse, 2048, "SHA1", "must be a certificate that is signed with SHA-256 or better, but that in 'FILE' is signed with sha1RSA.")]
    [InlineData(ServerUse, 2048, "SHA256", null)]
    [InlineData(null, 2048, "SHA256", null)]
    public void Certificate_ThatClientsWouldRefuse_IsRefused(string? use, int rsaBits, string hash, string? told)
    {
        using var key = RSA.Create(rsaBits);
        using var authorityKey = RSA.Create(2048);
        using var authority = SelfSigned(authorityKey, -100, 100);
        var request = new CertificateRequest("CN=server", key, new HashAlgorithmName(hash), RSASignaturePadding.Pkcs1);
        if (use is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        }

        using var issued = request.Create(authority.SubjectName, hash == "SHA1" ? new Sha1(authorityKey) : X509SignatureGenerator.CreateForRSA(authorityKey, RSASignaturePadding.Pkcs1), Now.AddDays(-10), Now.AddDays(90), [1, 2, 3]);
        File.WriteAllText(Certificate, issued.ExportCertificatePem());
        File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());

        Assert.Equal(told is null ? [] : [$"--set Tls:CertificateFile {told.Replace("FILE", Certificate, StringComparison.Ordinal)}"], Problems(Https));
    }

    [Fact]
    public void Authorities_ThatCanVouchForNobody_AreRefused()
    {
        WritePair();
        using var key = RSA.Create(2048);
        using var expired = SelfSigned(key, -30, -20);
        using var expiredLater = SelfSigned(key, -30, -10);
        using var valid = SelfSigned(key, -30, 100);

        File.WriteAllText(Authority, expired.ExportCertificatePem() + "\n" + expiredLater.ExportCertificatePem());
        Assert.Equal(
            [$"--set Tls:ClientAuthorityFile must have an authority that is valid, but every one in '{Authority}' has expired, the last at 2026-06-21 12:00:00 UTC."],
            Problems(Https, withAuthority: true));

        File.AppendAllText(Authority, "\n" + valid.ExportCertificatePem());
        var (problems, credentials) = Load(Arguments(Https, withAuthority: true));
        Assert.Empty(problems);
        Assert.Equal(2, credentials.Warnings.Count);

        // The server's own: it has not signed itself.
        File.Copy(Certificate, Authority, overwrite: true);
        Assert.Equal(
            [$"--set Tls:ClientAuthorityFile must have the authority that client certificates go back to, but '{Authority}' has none that signed itself: no client could be trusted."],
            Problems(Https, withAuthority: true));
    }

    [Fact]
    public void Build_BadCertificates_IsRefusedBeforeAnythingIsStarted()
    {
        WritePair(toDay: 50_000);
        using var other = ECDsa.Create();
        File.WriteAllText(Key, other.ExportPkcs8PrivateKeyPem());

        var refused = Assert.Throws<InvalidSettingsException>(() => MfnServer.Build(Arguments(Https, withAuthority: false)));

        Assert.Contains("Tls:KeyFile must be the key of", Assert.Single(refused.Problems), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static X509Certificate2 SelfSigned(RSA key, int fromDay, int toDay)
    {
        var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddDays(fromDay), Now.AddDays(toDay));
    }

    private static (IReadOnlyList<string> Problems, TlsCredentials Credentials) Load(string[] arguments)
    {
        var settings = ServerSettings.Read(arguments, new Hashtable());
        var credentials = TlsCredentials.Load(settings, MfnServer.DefaultUrl, new ManualClock(Now));
        return (settings.Problems, credentials);
    }

    private IReadOnlyList<string> Problems(string? urls, bool withAuthority = false) => Load(Arguments(urls, withAuthority)).Problems;

    private string[] Arguments(string? urls, bool withAuthority) =>
    [
        .. urls is null ? [] : (string[])["--urls", urls],
        "--set", $"Tls:CertificateFile={Certificate}", "--set", $"Tls:KeyFile={Key}",
        .. withAuthority ? (string[])["--set", $"Tls:ClientAuthorityFile={Authority}"] : [],
    ];

    // A server's certificate, its key, and the authority that signed it.
    private void WritePair(int fromDay = -20, int toDay = 90)
    {
        using var authorityKey = RSA.Create(2048);
        using var authority = SelfSigned(authorityKey, -100, Math.Max(100, toDay));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256).Create(
            authority.SubjectName, X509SignatureGenerator.CreateForRSA(authorityKey, RSASignaturePadding.Pkcs1), Now.AddDays(fromDay), Now.AddDays(toDay), [1, 2, 3]);
        File.WriteAllText(Certificate, issued.ExportCertificatePem());
        File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Authority, authority.ExportCertificatePem());
    }

    // .NET verifies such signatures, and makes none.
    private sealed class Sha1(RSA key) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) => [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00];

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);

        protected override PublicKey BuildPublicKey() => CreateForRSA(key, RSASignaturePadding.Pkcs1).PublicKey;
    }

    private sealed class ManualClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
