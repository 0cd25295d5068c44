using System.Collections;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Configuration;
using Mfn.Server.Security;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Security;

/// <summary>Clients of authorities that come and go while the server runs.</summary>
public sealed class ClientTrustTests : IDisposable
{
    private readonly WallClock _clock = new(DateTimeOffset.UtcNow);
    private readonly TestAuthority _old = new();
    private readonly TestAuthority _new = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-client-trust-");
    private readonly ServerLog _log = new();
    private readonly FollowedInputs _inputs;
    private readonly ClientTrust _trust;
    private int _changeCount;

    public ClientTrustTests()
    {
        _inputs = new FollowedInputs(_clock);
        Write(_old.RootPem);
        var settings = ServerSettings.Read([$"--Tls:ClientAuthorityFile={AuthorityPath}"], new Hashtable());
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        _trust = new ClientTrust(TlsCredentials.Load(settings, MfnServer.DefaultUrl, _clock), _inputs, loggers.CreateLogger<ClientTrust>());
        _trust.Changed += () => _changeCount++;
    }

    private string AuthorityPath => Path.Combine(_folder.FullName, "ca.pem");

    /// <summary>What an operator does: first both, then the new one.</summary>
    [Fact]
    public void Authorities_ThatAreReplacedWithAGrace_CountAsLongAsTheyAreThere()
    {
        var (ofOld, ofNew) = (_old.IssueClient("old"), _new.IssueClient("new"));
        Assert.Equal((true, false), (_trust.IsTrusted(ofOld), _trust.IsTrusted(ofNew)));

        Write(_old.RootPem + "\n" + _new.RootPem);
        Look();
        Assert.Equal((true, true), (_trust.IsTrusted(ofOld), _trust.IsTrusted(ofNew)));

        Write(_new.RootPem);
        Look();
        Assert.Equal((false, true), (_trust.IsTrusted(ofOld), _trust.IsTrusted(ofNew)));
        Assert.Equal(2, _changeCount);
    }

    /// <summary>A call has the client's own certificate alone, without those between it and the authority.</summary>
    [Fact]
    public void ClientOfAnAuthorityBetween_CountsInItsCallsAsInItsHandshake()
    {
        var (client, between) = _old.IssueClientOfAnother("client");
        using var presented = new X509Chain();
        Assert.False(_trust.IsTrusted(client, presented));
        Assert.Contains("Client certificate CN=client refused: ", Assert.Single(_log.Lines, line => line.Message.Contains("refused", StringComparison.Ordinal)).Message, StringComparison.Ordinal);

        presented.ChainPolicy.ExtraStore.Add(between);
        Assert.True(_trust.IsTrusted(client, presented));
        Assert.True(_trust.IsTrusted(client));

        // One that is between is nobody to trust for itself.
        Write(_new.RootPem);
        Look();
        Assert.False(_trust.IsTrusted(client));
        Assert.False(_trust.IsTrusted(client, presented));
    }

    [Fact]
    public void File_ThatIsWrongOrHalfWritten_LeavesTheOldAuthoritiesInForce()
    {
        var both = _old.RootPem + "\n" + _new.RootPem;
        Write(both);
        Look();
        var (ofOld, ofNew) = (_old.IssueClient("old"), _new.IssueClient("new"));
        using var server = _old.IssueServer();

        foreach (var wrong in new[] { "", "hello", both[..^20], server.ExportCertificatePem() })
        {
            Write(wrong);
            Look();
            Assert.Equal((true, true), (_trust.IsTrusted(ofOld), _trust.IsTrusted(ofNew)));
            Assert.NotNull(Assert.Single(_inputs.All).Problem);
        }

        // The half of a bundle is one too, but is gone at the next look.
        Write(_old.RootPem);
        _clock.Advance(FollowedFile.Interval);
        Write(both);
        Look();
        Assert.Equal((true, true), (_trust.IsTrusted(ofOld), _trust.IsTrusted(ofNew)));
        Assert.Equal((null, 2), (Assert.Single(_inputs.All).Problem, _changeCount));
    }

    public void Dispose()
    {
        _trust.Dispose();
        _old.Dispose();
        _new.Dispose();
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Write(string pem) => File.WriteAllText(AuthorityPath, pem);

    // What has changed must be seen twice.
    private void Look()
    {
        _clock.Advance(FollowedFile.Interval);
        _clock.Advance(FollowedFile.Interval);
    }
}
