using System.Text;
using Grpc.Health.V1;
using Mfn.Contracts.V1;
using Mfn.Server.Observability;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Transport;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Transport;

/// <summary>What a server says of connections and streams that never become calls.</summary>
public sealed class RefusedTrafficTests : IDisposable
{
    private const string Describe = "/mfn.v1.FeatureService/DescribeFeatures";

    private readonly ServerLog _log = ServerLog.Of<RefusedTraffic>();

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task Call_EitherSchemeOverCleartext_IsServed(string scheme)
    {
        await using var server = await TestServer.StartAsync();
        using var connection = await RawHttp2.ConnectAsync(server.Address);

        await connection.CallAsync(1, Describe, scheme);
        var answer = await connection.ReadAsync(RawHttp2.Data, RawHttp2.ResetStream).Within();

        Assert.Equal(RawHttp2.Data, answer.Kind);
        Assert.NotEmpty(DescribeFeaturesResponse.Parser.ParseFrom(answer.Payload.AsSpan(5)).Features);
    }

    [Fact]
    public async Task Log_Http1_SaysSo()
    {
        await using var server = await _log.StartServerAsync();
        using var counts = new Counts(server);
        using var connection = await RawHttp2.ConnectSilentlyAsync(server.Address);

        await connection.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        await _log.NextAsync().Within();

        var (_, level, message, _) = Assert.Single(_log.Lines);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("Expected HTTP/2 but received HTTP/1.1", message, StringComparison.Ordinal);
        Assert.Equal(1, counts["mfn.traffic.refusals"]);
    }

    [Fact]
    public async Task Log_StreamOfAnUnknownScheme_QuotesItHarmlessly()
    {
        await using var server = await _log.StartServerAsync();
        using var connection = await RawHttp2.ConnectAsync(server.Address);

        await connection.CallAsync(1, Describe, "\e[2J" + new string('x', 100));
        await connection.ReadAsync(RawHttp2.ResetStream).Within();
        await _log.NextAsync().Within();

        var message = Assert.Single(_log.Lines).Message;
        Assert.Contains("HTTP/2 stream error \"PROTOCOL_ERROR\"", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 1, 320);
    }

    [Fact]
    public async Task Log_StreamBeyondThoseAnnounced_SaysSo()
    {
        await using var server = await _log.StartServerAsync("Limits:MaxStreamsPerConnection=1");
        using var connection = await RawHttp2.ConnectAsync(server.Address);

        await connection.CallAsync(1, "/grpc.health.v1.Health/Watch", "http");
        await connection.CallAsync(3, "/grpc.health.v1.Health/Watch", "http");
        await connection.ReadAsync(RawHttp2.ResetStream).Within();
        await _log.NextAsync().Within();

        Assert.Contains("REFUSED_STREAM", Assert.Single(_log.Lines).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_FailedHandshake_SaysSo()
    {
        using var authority = new TestAuthority();
        var folder = Directory.CreateTempSubdirectory("mfn-handshake-");
        using var certificate = authority.IssueServer();
        var (pem, key) = (Path.Combine(folder.FullName, "server.pem"), Path.Combine(folder.FullName, "server.key"));
        await File.WriteAllTextAsync(pem, certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(key, System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificate)!.ExportPkcs8PrivateKeyPem());
        await using (var server = await _log.StartServerAsync("urls=https://127.0.0.1:0", $"Tls:CertificateFile={pem}", $"Tls:KeyFile={key}"))
        {
            // Cleartext where TLS is due.
            using var connection = await RawHttp2.ConnectAsync(server.Address);
            await _log.NextAsync().Within();
        }

        Assert.Contains("Failed to authenticate HTTPS connection", Assert.Single(_log.Lines).Message, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Log_ManyBrokenConnections_IsBoundedAndTheMeterCountsThemAll()
    {
        const int Count = 40;
        await using var server = await _log.StartServerAsync();
        using var counts = new Counts(server);

        for (var i = 0; i < Count; i++)
        {
            using var connection = await RawHttp2.ConnectAsync(server.Address);

            // The server's streams, which a client must not open.
            await connection.CallAsync(2, Describe, "http");
            await connection.ReadAsync(RawHttp2.GoAway).Within();
        }

        // Each is counted before its connection is told.
        Assert.Equal(Count, counts["mfn.traffic.refusals"]);
        Assert.Equal(LogQuota.OfEverybody, _log.Lines.Count);
    }

    [Fact]
    public async Task Log_CallsThatSucceedFailOrAreCancelled_SaysNothing()
    {
        await using var server = await _log.StartServerAsync();
        using (var connection = await RawHttp2.ConnectAsync(server.Address))
        {
            await connection.CallAsync(1, Describe, "http");
            await connection.CallAsync(3, "/mfn.v1.MembraneService/ComputeNernstPotential", "http");
            await connection.CallAsync(5, "/grpc.health.v1.Health/Watch", "http");
            for (var i = 0; i < 3; i++)
            {
                await connection.ReadAsync(RawHttp2.Headers).Within();
            }

            await connection.SendAsync(RawHttp2.ResetStream, flags: 0, streamId: 5, [0, 0, 0, 8]);
        }

        using (var watch = server.Health.Watch(new HealthCheckRequest()))
        {
            Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
        }

        await server.StopAsync();

        Assert.Empty(_log.Lines);
    }
}
