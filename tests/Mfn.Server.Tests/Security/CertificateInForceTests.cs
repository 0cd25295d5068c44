using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Configuration;
using Mfn.Server.Security;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Security;

/// <summary>The server's certificate and its key, whose files are replaced one after the other while the server runs.</summary>
public sealed class CertificateInForceTests : IDisposable
{
    private readonly WallClock _clock = new(DateTimeOffset.UtcNow);
    private readonly TestAuthority _authority = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-certificate-in-force-");
    private readonly ServerLog _log = new();
    private readonly FollowedInputs _inputs;
    private readonly CertificateInForce _certificate;
    private readonly X509Certificate2 _first;

    public CertificateInForceTests()
    {
        _inputs = new FollowedInputs(_clock);
        _first = _authority.IssueServer();
        Write(_first, _first);
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        _certificate = new CertificateInForce(
            new TlsFile("Tls:CertificateFile", "--set Tls:CertificateFile", CertificatePath, ""),
            new TlsFile("Tls:KeyFile", "--set Tls:KeyFile", KeyPath, ""),
            _inputs,
            loggers.CreateLogger<CertificateInForce>());
    }

    private string CertificatePath => Path.Combine(_folder.FullName, "tls.crt");

    private string KeyPath => Path.Combine(_folder.FullName, "tls.key");

    private string Shown => _certificate.Context.TargetCertificate.SerialNumber;

    private FollowedInput Input => Assert.Single(_inputs.All);

    private string[] Errors => [.. _log.Lines.Where(line => line.Level == LogLevel.Error).Select(line => line.Message)];

    [Fact]
    public void Pair_WhoseFilesAreSwappedOneAfterTheOther_IsTakenWhenBothFit()
    {
        var next = _authority.IssueServer();

        Write(next, _first);
        Look(5);
        Assert.Equal(_first.SerialNumber, Shown);
        Assert.StartsWith(
            $"Tls:CertificateFile cannot be used, and what was read before stays in force: it must be a file that can be used, but '{CertificatePath}' and '{KeyPath}' are no pair that a server starts with: "
            + $"Tls:KeyFile must be the key of the certificate in '{CertificatePath}', but '{KeyPath}' is not, or is damaged.",
            Assert.Single(Errors),
            StringComparison.Ordinal);
        Assert.NotNull(Input.Note);

        Write(next, next);
        Look(2);
        Assert.Equal(next.SerialNumber, Shown);
        Assert.True(_certificate.Context.TargetCertificate.HasPrivateKey);
        Assert.Null(Input.Problem);
        Assert.Equal(next.NotAfter.ToUniversalTime(), Input.Expires);
    }

    [Fact]
    public void Pair_ThatAServerDoesNotStartWith_IsNotTaken()
    {
        var next = _authority.IssueServer();
        var expired = _authority.IssueServer(to: DateTimeOffset.UtcNow.AddMinutes(-1));
        var client = _authority.IssueClient("client");
        using var weakKey = RSA.Create(1024);
        using var weak = new CertificateRequest("CN=weak", weakKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var encrypted = next.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));

        Try(expired.ExportCertificatePem(), KeyOf(expired), "expired at");
        Try(client.ExportCertificatePem(), KeyOf(client), "has other purposes alone.");
        Try(weak.ExportCertificatePem(), weakKey.ExportPkcs8PrivateKeyPem(), "has 1024.");
        Try(next.ExportCertificatePem(), encrypted, "must be a key without a password");
        Try(next.ExportCertificatePem()[..^10], KeyOf(next), "has no end.");
        Try("", KeyOf(next), "there is none in");
        Assert.Equal(6, Errors.Length);
        Assert.DoesNotContain(_log.Lines, line => line.Message.Contains("MII", StringComparison.Ordinal) || line.Message.Contains("secret", StringComparison.Ordinal));

        void Try(string certificatePem, string keyPem, string problem)
        {
            File.WriteAllText(CertificatePath, certificatePem);
            File.WriteAllText(KeyPath, keyPem);
            Look(3);
            Assert.Equal(_first.SerialNumber, Shown);
            Assert.Contains(problem, Input.Problem, StringComparison.Ordinal);
        }
    }

    /// <summary>While there is one that is valid, clients are not shown one that they refuse.</summary>
    [Fact]
    public void Pair_ThatIsNotValidYet_IsTakenWhenItIs()
    {
        var next = _authority.IssueServer(from: DateTimeOffset.UtcNow.AddMinutes(10));
        Write(next, next);
        Look(2);
        Assert.Equal(_first.SerialNumber, Shown);
        Assert.EndsWith(", and will be taken then.", Input.Problem, StringComparison.Ordinal);

        _clock.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal(next.SerialNumber, Shown);
        Assert.Null(Input.Problem);
    }

    /// <summary>When it is loaded, and once a day while it goes on.</summary>
    [Fact]
    public async Task Certificate_ThatExpiresUnderARunningServer_IsToldOfOnceADay()
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        using var lasting = new TestAuthority(TimeSpan.FromDays(17));
        using var notice = new FollowedNotice(_inputs, loggers.CreateLogger<FollowedNotice>());
        var next = lasting.IssueServer();
        Write(next, next);
        Look(2);
        await notice.StartAsync(CancellationToken.None);
        var warnings = _log.Warnings.Count;

        for (var hour = 0; hour < 2 * 24; hour++)
        {
            _clock.Advance(FollowedNotice.Interval);
        }

        Assert.Equal(warnings, _log.Warnings.Count);
        for (var hour = 0; hour < (15 * 24) + 12; hour++)
        {
            _clock.Advance(FollowedNotice.Interval);
        }

        var told = _log.Warnings.Skip(warnings).ToArray();
        Assert.Equal(15, told.Length);
        Assert.Equal($"Tls:CertificateFile: What is in force is good until {next.NotAfter.ToUniversalTime():u}.", told[0]);
        Assert.Equal($"Tls:CertificateFile: What is in force was good until {next.NotAfter.ToUniversalTime():u}.", told[^1]);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _first.Dispose();
        _authority.Dispose();
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string KeyOf(X509Certificate2 certificate) => certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    private void Write(X509Certificate2 certificate, X509Certificate2 key)
    {
        File.WriteAllText(CertificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, KeyOf(key));
    }

    private void Look(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _clock.Advance(FollowedFile.Interval);
        }
    }
}
