using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Tests.Identity;

/// <summary>What becomes of certificates that proxies tell of, when files change and time passes.</summary>
public sealed class CertificateStoreTests : IDisposable
{
    private readonly WallClock _clock = new(DateTimeOffset.UtcNow);
    private readonly TestAuthority _authority = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-certificates-");

    /// <summary>A header is read once: the same is then known without it, and refused all the same when its certificate is revoked.</summary>
    [Fact]
    public void Header_ThatIsKnown_GivesTheSameCredentialUntilItsCertificateIsRevoked()
    {
        using var certificate = _authority.IssueClientWithUri("spiffe://mfn.example/lab");
        using var other = _authority.IssueClientWithUri("spiffe://mfn.example/lab");
        var lists = Path.Combine(_folder.FullName, "revoked.pem");
        File.WriteAllText(lists, _authority.Revoke(other));
        using var store = new CertificateStore(Options.Create(new CertificateOptions { RevocationFile = lists }), new FollowedInputs(_clock), NullLogger<CertificateStore>.Instance);
        var header = Uri.EscapeDataString(certificate.ExportCertificatePem());

        var credential = CredentialOf(store, header);
        Assert.NotNull(credential);
        Assert.Same(credential, CredentialOf(store, header));
        Assert.Null(CredentialOf(store, Uri.EscapeDataString(other.ExportCertificatePem())));
        File.WriteAllText(lists, _authority.Revoke(certificate));
        _clock.Advance(FollowedFile.Interval);
        Assert.Null(credential.End);
        _clock.Advance(FollowedFile.Interval);

        Assert.Equal(CredentialEnd.Revoked, credential.End);
        Assert.Equal(CredentialEnd.Revoked, ((CredentialRefusedException)store.Authenticate(header).Failure!).End);
        Assert.Null(CredentialOf(store, "nonsense"));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    private static Credential? CredentialOf(CertificateStore store, string header) => (store.Authenticate(header).Principal as CallerPrincipal)?.Credential;
}
