using System.Collections;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mfn.SecretFakes;
using Mfn.Server.Configuration;
using Mfn.Server.Secrets;
using Mfn.Server.Tests.Identity;
using Microsoft.AspNetCore.Hosting;

namespace Mfn.Server.Tests.Secrets;

/// <summary>Secrets in Vault, from a small server that follows its HTTP API; Vault itself was not tried.</summary>
public sealed class VaultSecretsTests : IAsyncLifetime
{
    private const string Token = "hvs.token-of-the-test";
    private const string Path = "secret/mfn/tls";
    private const string Stored = "secret/data/mfn/tls";

    private readonly WallClock _clock = new(DateTimeOffset.UnixEpoch);
    private readonly FakeVault _vault;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-vault-");

    public VaultSecretsTests() => _vault = new FakeVault(_clock);

    private string TokenFile => System.IO.Path.Combine(_folder.FullName, "token");

    public async ValueTask InitializeAsync()
    {
        await _vault.StartAsync();
        _vault.Put(Stored, """{ "key": "one", "number": 5, "nested": { "a": 1 } }""");
        await File.WriteAllTextAsync(TokenFile, Token + "\n");
    }

    public async ValueTask DisposeAsync()
    {
        await _vault.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task TokenFile_IsShown_AndItsTokenIsLookedAtOnce()
    {
        _vault.AddToken(Token, TimeSpan.Zero);
        using var secrets = OfTokenFile();

        Assert.Equal("""{"key":"one","number":5,"nested":{"a":1}}""", await secrets.ReadAsync(Path, default));
        await secrets.ReadAsync(Path, default);

        Assert.Equal(["GET /v1/auth/token/lookup-self", "GET /v1/secret/data/mfn/tls", "GET /v1/secret/data/mfn/tls"], _vault.Requests);
        Assert.Equal((null, null), (secrets.RenewAt, secrets.Expires));
    }

    [Fact]
    public async Task TokenFile_IsFollowed()
    {
        _vault.AddToken(Token, TimeSpan.Zero);
        _vault.AddToken("hvs.other", TimeSpan.FromHours(1));
        using var secrets = OfTokenFile();
        await secrets.ReadAsync(Path, default);

        _vault.Revoke(Token);
        Assert.Contains("its token is not good", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(TokenFile, "hvs.other");

        Assert.Contains("one", await secrets.ReadAsync(Path, default), StringComparison.Ordinal);
        Assert.Equal(_clock.GetUtcNow().AddMinutes(40), secrets.RenewAt);
    }

    [Fact]
    public async Task Engine_WithSlashesAndNamespace_IsFound()
    {
        _vault.AddToken(Token, TimeSpan.Zero);
        _vault.Put("tenant/team/kv/data/a b", """{ "key": "two" }""");
        using var secrets = new VaultSecrets(Access() with { TokenFile = TokenFile, Namespace = "tenant" }, _clock);

        Assert.Contains("two", await secrets.ReadAsync("team/kv//a b", default), StringComparison.Ordinal);
        Assert.Contains("there is no vault:secret/mfn/tls", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
    }

    /// <summary>Kubernetes tells who the server is; its token is renewed when a third of its time is left, and another is got where that cannot be.</summary>
    [Fact]
    public async Task Kubernetes_LogsIn_RenewsAndLogsInAgain()
    {
        var account = System.IO.Path.Combine(_folder.FullName, "account");
        await File.WriteAllTextAsync(account, "jwt-1\n");
        _vault.AddKubernetesRole("mfn", "jwt-1", TimeSpan.FromMinutes(30), longest: TimeSpan.FromMinutes(60));
        using var secrets = OfKubernetes(account);

        await secrets.ReadAsync(Path, default);
        Assert.Equal((_clock.GetUtcNow().AddMinutes(20), _clock.GetUtcNow().AddMinutes(30)), (secrets.RenewAt, secrets.Expires));
        _clock.Advance(TimeSpan.FromMinutes(20));
        await secrets.RenewAsync(default);
        Assert.Equal((1, 1), (_vault.LoginCount, _vault.RenewalCount));
        Assert.Equal(_clock.GetUtcNow().AddMinutes(30), secrets.Expires);

        // The longest time is near: what is left is shorter than it was, and then less than half of it.
        _clock.Advance(TimeSpan.FromMinutes(20));
        await secrets.RenewAsync(default);
        Assert.Equal(_clock.GetUtcNow().AddMinutes(20), secrets.Expires);
        _clock.Advance(TimeSpan.FromMinutes(14));
        await secrets.RenewAsync(default);
        Assert.Equal(_clock.GetUtcNow().AddMinutes(6), secrets.Expires);

        // The service account has another token by now.
        _vault.AddKubernetesRole("mfn", "jwt-2", TimeSpan.FromMinutes(30));
        await File.WriteAllTextAsync(account, "jwt-2");
        _clock.Advance(TimeSpan.FromMinutes(4));
        await secrets.RenewAsync(default);
        Assert.Equal((2, 3), (_vault.LoginCount, _vault.RenewalCount));
        Assert.Equal(_clock.GetUtcNow().AddMinutes(30), secrets.Expires);
        Assert.Contains("one", await secrets.ReadAsync(Path, default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kubernetes_TokenIsRevokedOrEnds_LogsInAgain()
    {
        var account = System.IO.Path.Combine(_folder.FullName, "account");
        await File.WriteAllTextAsync(account, "jwt-1");
        _vault.AddKubernetesRole("mfn", "jwt-1", TimeSpan.FromMinutes(30), isRenewable: false);
        using var secrets = OfKubernetes(account);
        await secrets.ReadAsync(Path, default);

        _vault.Revoke(_vault.LastToken);
        await secrets.ReadAsync(Path, default);
        Assert.Equal(2, _vault.LoginCount);
        _clock.Advance(TimeSpan.FromMinutes(31));
        await secrets.ReadAsync(Path, default);
        Assert.Equal(3, _vault.LoginCount);

        // One that cannot be renewed is replaced before it ends.
        _clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(_clock.GetUtcNow(), secrets.RenewAt);
        await secrets.RenewAsync(default);
        Assert.Equal((4, 0), (_vault.LoginCount, _vault.RenewalCount));
    }

    [Fact]
    public async Task AppRole_LogsIn()
    {
        _vault.AddAppRole("role-1", "id-1", TimeSpan.FromMinutes(30));
        using var secrets = new VaultSecrets(
            Access() with { Setting = "Vault:AppRoleId", LoginPath = "auth/approle/login", Credentials = () => new Dictionary<string, string> { ["role_id"] = "role-1", ["secret_id"] = "id-1" } }, _clock);

        Assert.Contains("one", await secrets.ReadAsync(Path, default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenThatCannotBeRenewed_IsUsedUntilItEnds_AndSaidToEnd()
    {
        _vault.AddToken(Token, TimeSpan.FromMinutes(30));
        using var secrets = OfTokenFile();
        await secrets.ReadAsync(Path, default);
        _clock.Advance(TimeSpan.FromMinutes(20));
        await secrets.RenewAsync(default);
        Assert.Equal(_clock.GetUtcNow().AddMinutes(30), secrets.Expires);

        _vault.AddToken(Token, TimeSpan.FromMinutes(30), isRenewable: false);
        Assert.Contains("put another one into its file", (await Assert.ThrowsAsync<SecretUnavailableException>(() => secrets.RenewAsync(default))).Message, StringComparison.Ordinal);

        Assert.Equal((null, _clock.GetUtcNow().AddMinutes(30)), (secrets.RenewAt, secrets.Expires));
        Assert.Contains("one", await secrets.ReadAsync(Path, default), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, "{}", null, "it has too many requests (429)", true)]
    [InlineData(503, """{"errors":["Vault is sealed"]}""", null, "it is sealed, or being maintained (503) (Vault is sealed)", true)]
    [InlineData(473, "", null, "it is a standby, which serves nobody", true)]
    [InlineData(307, "", "http://127.0.0.1:1/", "it is a standby, which sends to another address", false)]
    [InlineData(500, "<html>", null, "it failed (500)", true)]
    [InlineData(418, """{"errors":["hvs.token-of-the-test is no teapot"]}""", null, "it refuses that (418) (*** is no teapot)", false)]
    public async Task OtherAnswers_AreToldApart(int status, string body, string? location, string said, bool isPassing)
    {
        _vault.AddToken(Token, TimeSpan.Zero);
        using var secrets = OfTokenFile();
        await secrets.ReadAsync(Path, default);

        _vault.Instead = _ => (status, body, location);

        var refusal = await RefuseAsync(secrets);
        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.Equal((isPassing, status == 429 ? TimeSpan.FromSeconds(1) : (TimeSpan?)null), (refusal.IsPassing, refusal.RetryAfter));
        Assert.DoesNotContain(Token, refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecretsThatCannotBeRead_AreToldApart()
    {
        _vault.AddToken(Token, TimeSpan.Zero);
        using var secrets = OfTokenFile();
        await secrets.ReadAsync(Path, default);

        Assert.Equal("must be a secret that there is, but there is no vault:secret/other: is secret a key-value engine of version 2?", (await RefuseAsync(secrets, "secret/other")).Message);
        Assert.Contains("is nowhere a key-value engine", (await RefuseAsync(secrets, "nowhere/other")).Message, StringComparison.Ordinal);
        _vault.Delete(Stored);
        Assert.Equal("must be a secret that there is, but the newest version of vault:secret/mfn/tls was deleted.", (await RefuseAsync(secrets)).Message);
        _vault.AddToken(Token, TimeSpan.Zero, mayRead: false);
        Assert.Equal(
            "must be a secret that the server may read, but Vault does not let it read vault:secret/mfn/tls: its token is not good, or its policy needs read on secret/data/mfn/tls.", (await RefuseAsync(secrets)).Message);
        _vault.Instead = _ => (200, """{ "data": { "data": "text" } }""", null);
        Assert.EndsWith("is something else.", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
        _vault.Instead = _ => (200, new string(' ', 2 << 20), null);
        Assert.Contains("cannot be reached", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
        _vault.Instead = null;
        await File.WriteAllTextAsync(TokenFile, "two\nlines");
        Assert.Contains("no token that could be sent", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
        await _vault.DisposeAsync();
        await File.WriteAllTextAsync(TokenFile, Token);
        Assert.Contains("cannot be reached", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
    }

    /// <summary>Only whose authority is known gets to see a token.</summary>
    [Fact]
    public async Task Https_TrustsItsOwnAuthorityAlone()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=vault", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var vault = new FakeVault(_clock);
        await vault.StartAsync(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.UseHttps(X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null))));
        vault.AddToken(Token, TimeSpan.Zero);
        vault.Put(Stored, """{ "key": "three" }""");
        var authority = System.IO.Path.Combine(_folder.FullName, "authority.pem");
        var access = Access() with { Address = vault.Address, TokenFile = TokenFile, AuthorityFile = authority };

        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem());
        using (var secrets = new VaultSecrets(access, _clock))
        {
            Assert.Contains("three", await secrets.ReadAsync(Path, default), StringComparison.Ordinal);
        }

        var seen = vault.Requests.Count;
        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(authority, new CertificateRequest("CN=other", otherKey, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1)).ExportCertificatePem());
        foreach (var strict in new[] { access, access with { AuthorityFile = null } })
        {
            using var secrets = new VaultSecrets(strict, _clock);
            Assert.Contains("cannot be reached", (await RefuseAsync(secrets)).Message, StringComparison.Ordinal);
        }

        Assert.Equal(seen, vault.Requests.Count);
    }

    [Fact]
    public void Settings_OfVault_AreCheckedAsAWhole()
    {
        Assert.Equal(
            ["--set Limits:MaxSteps must be a secret that can be read, but Vault:Address does not say where Vault is.", "--set Vault:TokenFile needs Vault:Address."],
            Problems($"--Vault:TokenFile={TokenFile}", "--Limits:MaxSteps=vault:secret/a#b"));
        Assert.Equal(["--set Vault:Address needs one of Vault:TokenFile, Vault:KubernetesRole and Vault:AppRoleId, which say who the server is there."], Problems("--Vault:Address=https://vault"));
        Assert.Equal(
        [
            "--set Vault:Address must be a URL that begins with https://, or http:// of this machine, without a name and a password, but was 'http://vault.example'.",
            "--set Vault:TokenFile and --set Vault:KubernetesRole exclude one another.",
            "Vault:AppRoleId and --set Vault:AppRoleSecretId must be set together.",
            "--set Vault:TokenFile must be an existing file, but there is no '/nowhere'.",
            "Vault:KubernetesTokenFile must be an existing file, but there is no '/var/run/secrets/kubernetes.io/serviceaccount/token'.",
        ],
            Problems("--Vault:Address=http://vault.example", "--Vault:TokenFile=/nowhere", "--Vault:KubernetesRole=a", "--Vault:AppRoleSecretId=b"));
        Assert.Equal(
            ["--set Vault:Address must be a value, file:PATH or env:NAME: the settings that say how to reach Vault and AWS cannot be in them."], Problems("--Vault:Address=vault:secret/a#b"));
        Assert.Equal(
            ["--set Aws:Endpoint must be a URL that begins with https://, or http:// of this machine, without a name and a password, but was 'ftp://a'."], Problems("--Aws:Endpoint=ftp://a"));
        Assert.Empty(Problems("--Vault:Address=https://vault", "--Vault:TokenFile=env:VAULT_TOKEN"));

        static string[] Problems(params string[] arguments)
        {
            var settings = ServerSettings.Read(arguments, new Hashtable { ["VAULT_TOKEN"] = "a" });
            MfnServer.Check(settings);
            return [.. settings.Problems];
        }
    }

    private static async Task<SecretUnavailableException> RefuseAsync(VaultSecrets secrets, string path = Path) =>
        await Assert.ThrowsAsync<SecretUnavailableException>(async () => await secrets.ReadAsync(path, default));

    private VaultAccess Access() => new(_vault.Address, File.ReadAllText) { Setting = "Vault:TokenFile" };

    private VaultSecrets OfTokenFile() => new(Access() with { TokenFile = TokenFile }, _clock);

    private VaultSecrets OfKubernetes(string account) => new(
        Access() with
        {
            Setting = "Vault:KubernetesRole",
            LoginPath = "auth/kubernetes/login",
            Credentials = () => new Dictionary<string, string> { ["role"] = "mfn", ["jwt"] = File.ReadAllText(account).Trim() },
        },
        _clock);
}
