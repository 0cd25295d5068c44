using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Security;

public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _strangers = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-tls-");

    [Fact]
    public async Task MutualTls_ClientOfTheAuthority_IsServed()
    {
        await using var server = MfnServer.Build(ServerArguments());
        await server.StartAsync();

        using var client = new MfnClient(ClientOptions(server.Urls.Single(), _authority));
        var response = await client.SimulateAsync(new SimulateRequest());

        Assert.Equal(64, response.Summary.Spec.Steps);
    }

    [Fact]
    public async Task MutualTls_ClientWithoutOrWithAStrangersCertificate_IsTurnedAway()
    {
        await using var server = MfnServer.Build(ServerArguments());
        await server.StartAsync();
        var url = server.Urls.Single();

        using var nobody = new MfnClient(new MfnClientOptions { Address = new Uri(url), AuthorityFile = Write("ca.pem", _authority.RootPem) });
        using var stranger = new MfnClient(ClientOptions(url, _strangers));
        using var serverCertificate = _authority.IssueServer();
        using var impostor = new MfnClient(ClientOptions(url, _authority) with
        {
            CertificateFile = Write("impostor.pem", serverCertificate.ExportCertificatePem()),
            KeyFile = Write("impostor.key", serverCertificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
        });
        using var distrustful = new MfnClient(ClientOptions(url, _authority) with { AuthorityFile = Write("other.pem", _strangers.RootPem) });

        foreach (var client in new[] { nobody, stranger, impostor, distrustful })
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(new SimulateRequest()));
            Assert.Contains(error.StatusCode, RefusedHandshake.Outcomes);
        }
    }

    [Fact]
    public void Client_UselessOptions_AreRefused()
    {
        var address = new Uri("https://127.0.0.1:1");

        Assert.Throws<ArgumentException>(() => new MfnClient(new MfnClientOptions { Address = address, AuthorityFile = Write("none.pem", "") }));
        Assert.Throws<ArgumentException>(() => new MfnClient(new MfnClientOptions { Address = new Uri("ftp://127.0.0.1") }));
        Assert.Throws<ArgumentException>(() => new MfnClient(new MfnClientOptions { Address = address, KeyFile = Write("key.pem", "") }));
        Assert.ThrowsAny<IOException>(() => new MfnClient(new MfnClientOptions { Address = address, AuthorityFile = "/nowhere.pem" }));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _strangers.Dispose();
        _folder.Delete(recursive: true);
    }

    private string[] ServerArguments()
    {
        using var certificate = _authority.IssueServer();
        return
        [
            "--urls=https://127.0.0.1:0",
            "--Logging:LogLevel:Default=None",
            $"--Tls:CertificateFile={Write("server.pem", certificate.ExportCertificatePem())}",
            $"--Tls:KeyFile={Write("server.key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}",
            $"--Tls:ClientAuthorityFile={Write("ca.pem", _authority.RootPem)}",
        ];
    }

    private MfnClientOptions ClientOptions(string url, TestAuthority issuer)
    {
        using var certificate = issuer.IssueClient("client");
        return new MfnClientOptions
        {
            Address = new Uri(url),
            AuthorityFile = Write("ca.pem", _authority.RootPem),
            CertificateFile = Write("client.pem", certificate.ExportCertificatePem()),
            KeyFile = Write("client.key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
        };
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }
}
