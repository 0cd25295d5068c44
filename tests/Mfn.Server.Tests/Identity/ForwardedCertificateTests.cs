using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Identity;

/// <summary>Certificates that end at a proxy.</summary>
public sealed class ForwardedCertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-forwarded-");

    private string Identities => Write("""
        { "format_version": 1, "identities": [
          { "subject": "CN=looker,O=Lab", "name": "looker", "tenant": "blue", "roles": ["viewer"] },
          { "uri": "spiffe://mfn.example/lab", "name": "lab", "tenant": "blue", "roles": ["viewer"] } ] }
        """);

    [Theory]
    [InlineData("nginx")]
    [InlineData("haproxy")]
    [InlineData("envoy")]
    [InlineData("envoy-cert")]
    [InlineData("envoy-uri")]
    [InlineData("envoy-two")]
    public async Task Header_OfATrustedProxy_SaysWhoIsCalling(string form)
    {
        using var certificate = _authority.IssueClientWithUri("spiffe://mfn.example/lab");
        var header = form switch
        {
            "nginx" => Uri.EscapeDataString(certificate.ExportCertificatePem()),
            "haproxy" => Convert.ToBase64String(certificate.RawData),
            "envoy" => "By=spiffe://mfn.example/server;Hash=00ff;Subject=\"CN=looker,O=Lab\"",
            "envoy-cert" => $"Hash=00ff;Cert=\"{Uri.EscapeDataString(certificate.ExportCertificatePem())}\";Subject=\"\"",
            "envoy-uri" => "Hash=00ff;Subject=\"\";URI=spiffe://mfn.example/lab;DNS=x",
            _ => "Hash=00;Subject=\"CN=stranger,O=Lab\",Hash=00;Subject=\"CN=looker, O=Lab\"",
        };
        await using var server = await StartAsync("127.0.0.0/8");

        Assert.Empty((await server.Runs.ListRunsAsync(new ListRunsRequest(), Headers(header))).Runs);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("Hash=00ff")]
    [InlineData("-----BEGIN%20CERTIFICATE-----")]
    [InlineData("Hash=00;Subject=\"CN=looker,O=Lab\",Hash=00;Subject=\"CN=stranger,O=Lab\"")]
    [InlineData("Subject=\"CN=looker,O=Lab\";Cert=\"x\"")]
    public async Task Header_ThatNamesNobody_IsRefused(string header)
    {
        await using var server = await StartAsync("127.0.0.1");

        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.ListRunsAsync(new ListRunsRequest(), Headers(header)))).StatusCode);
    }

    [Fact]
    public async Task Header_OfAnybodyElse_IsDroppedAndCounted()
    {
        await using var server = await StartAsync("10.0.0.0/8, 192.0.2.1, unix");
        using var counts = new Counts(server);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.ListRunsAsync(new ListRunsRequest(), Headers("Subject=\"CN=looker,O=Lab\"")));

        Assert.Equal("CREDENTIAL_MISSING", error.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason);
        Assert.Equal(1, counts["mfn.identity.dropped_headers"]);
    }

    [Theory]
    [InlineData("10.0.0.300", "x-client", "--set Auth:Proxies:Addresses must be IP addresses, networks such as 10.0.0.0/8, or unix, with commas between them, but was '10.0.0.300'.")]
    [InlineData("10.0.0.1", "authorization", "--set Auth:Proxies:CertificateHeader must be the name of a header such as x-forwarded-client-cert that has no other purpose, but was 'authorization'.")]
    public void Settings_ThatTrustNobodyOrTooMuch_AreRefused(string addresses, string header, string problem) =>
        Assert.Equal([problem], MfnServer.FindProblems("--set", $"Auth:Proxies:Addresses={addresses}", "--set", $"Auth:Proxies:CertificateHeader={header}"));

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    private static Metadata Headers(string certificate) => new() { { "x-forwarded-client-cert", certificate } };

    private Task<TestServer> StartAsync(string proxies) => TestServer.StartAsync(
        $"Auth:Proxies:Addresses={proxies}", "Auth:Proxies:CertificateHeader=x-forwarded-client-cert", $"Auth:Certificates:File={Identities}");

    private string Write(string text)
    {
        var path = Path.Combine(_folder.FullName, "identities.json");
        File.WriteAllText(path, text);
        return path;
    }
}
