using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Server.Tests.Identity;

/// <summary>Certificates of clients and of the server, and clients' authorities, that are renewed while they are in use.</summary>
public sealed class CertificateRotationTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _next = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-certificate-rotation-");
    private readonly List<StatusCode> _reconnections = [];
    private WebApplication? _app;
    private X509Certificate2? _first;

    private string RevocationFile => PathOf("revoked.pem");

    private Uri Address => new(_app!.Urls.Single());

    public async ValueTask InitializeAsync()
    {
        _first = _authority.IssueServer();
        using var other = _authority.IssueClient("other");
        await File.WriteAllTextAsync(RevocationFile, _authority.Revoke(other));
        await File.WriteAllTextAsync(PathOf("ca.pem"), _authority.RootPem);
        await File.WriteAllTextAsync(PathOf("clients.pem"), _authority.RootPem);
        await WriteServerAsync(_first);
        _app = MfnServer.Build(
            "--urls=https://127.0.0.1:0",
            "--Logging:LogLevel:Default=None",
            $"--Tls:CertificateFile={PathOf("server.pem")}",
            $"--Tls:KeyFile={PathOf("server.key")}",
            $"--Tls:ClientAuthorityFile={PathOf("clients.pem")}",
            $"--Auth:Certificates:RevocationFile={RevocationFile}");
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        _first!.Dispose();
        _authority.Dispose();
        _next.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>The old one is revoked: its stream ends, though its connection stays, and goes on over one of the new.</summary>
    [Fact]
    public async Task WatchAsync_WhoseCertificateIsReplaced_MissesNothing()
    {
        var certificate = _authority.IssueClient("lab");
        using var client = Connect(() => Volatile.Read(ref certificate));
        var steps = await WatchAsync(client, isCut: true, async () =>
        {
            var old = certificate;
            Volatile.Write(ref certificate, _authority.IssueClient("lab"));
            await File.WriteAllTextAsync(RevocationFile, _authority.Revoke(old));
        });

        Assert.Equal([StatusCode.Unauthenticated], _reconnections);
        Assert.Equal(Enumerable.Range(0, steps.Count).Select(i => steps[0] + i), steps);
    }

    /// <summary>Its authority is no longer there: streams end, calls on the connection that is open are refused, and whoever has a certificate of the new one goes on.</summary>
    [Fact]
    public async Task WatchAsync_WhoseAuthorityIsReplaced_MissesNothing()
    {
        var certificate = _authority.IssueClient("lab");
        var old = certificate;
        using var client = Connect(() => Volatile.Read(ref certificate));
        using var oldChannel = ConnectPlainly(old);
        var oldClient = new RunService.RunServiceClient(oldChannel);
        await oldClient.ListRunsAsync(new ListRunsRequest());
        using var oldStream = oldClient.SteerRun();

        var steps = await WatchAsync(client, isCut: true, async () =>
        {
            // Both first: that is the grace.
            await File.WriteAllTextAsync(PathOf("clients.pem"), _authority.RootPem + "\n" + _next.RootPem);
            await Patience.UntilAsync(async () => await OutcomeAsync(_next.IssueClient("probe")) == StatusCode.OK);
            Assert.Empty(_reconnections);
            Assert.Equal(StatusCode.OK, await OutcomeAsync(old));
            Volatile.Write(ref certificate, _next.IssueClient("lab"));
            await File.WriteAllTextAsync(PathOf("clients.pem"), _next.RootPem);
        });

        Assert.Equal([StatusCode.Unauthenticated], _reconnections);
        Assert.Equal(Enumerable.Range(0, steps.Count).Select(i => steps[0] + i), steps);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => oldStream.ResponseStream.MoveNext(CancellationToken.None)).Within()).StatusCode);

        // Whatever the old one tries: no new connection is made, and on the one that is open nothing is served.
        Assert.Contains(await OutcomeAsync(old), RefusedHandshake.Outcomes);
        Assert.Equal(StatusCode.Unauthenticated, await OutcomeAsync(oldClient));
        Assert.Equal(StatusCode.OK, await OutcomeAsync(_next.IssueClient("lab")));
    }

    /// <summary>As long as its connection is open it is told why.</summary>
    [Fact]
    public async Task Call_OnAConnectionWhoseAuthorityIsGone_IsRefused()
    {
        using var channel = ConnectPlainly(_authority.IssueClient("lab"));
        var client = new RunService.RunServiceClient(channel);
        await client.ListRunsAsync(new ListRunsRequest());

        await File.WriteAllTextAsync(PathOf("clients.pem"), _next.RootPem);

        RpcException? refused = null;
        await Patience.UntilAsync(async () =>
        {
            try
            {
                await client.ListRunsAsync(new ListRunsRequest());
            }
            catch (RpcException error)
            {
                refused = error;
            }

            return refused is not null;
        });
        Assert.Equal((StatusCode.Unauthenticated, "The certificate's authority is no longer trusted."), (refused!.StatusCode, refused.Status.Detail));
        Assert.Equal("CREDENTIAL_REVOKED", refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
    }

    /// <summary>An authority between is sent in the handshake alone, and calls are judged as it was.</summary>
    [Fact]
    public async Task Client_OfAnAuthorityBetween_IsServedAndJudgedAgain()
    {
        var (certificate, between) = _authority.IssueClientOfAnother("lab");
        using var channel = ConnectPlainly(certificate, between);
        var client = new RunService.RunServiceClient(channel);
        Assert.Equal(StatusCode.OK, await OutcomeAsync(client));

        await File.WriteAllTextAsync(PathOf("clients.pem"), _next.RootPem + "\n" + _authority.RootPem);
        await Patience.UntilAsync(async () => await OutcomeAsync(_next.IssueClient("probe")) == StatusCode.OK);
        Assert.Equal(StatusCode.OK, await OutcomeAsync(client));

        await File.WriteAllTextAsync(PathOf("clients.pem"), _next.RootPem);
        await Patience.UntilAsync(async () => await OutcomeAsync(client) == StatusCode.Unauthenticated);
    }

    /// <summary>New connections are shown the new one, over HTTP/2 and TLS 1.2 and 1.3; what is open goes on as it is.</summary>
    [Fact]
    public async Task ServerCertificate_ThatIsReplaced_IsShownToNewConnectionsAndCutsNone()
    {
        var certificate = _authority.IssueClient("lab");
        using var client = Connect(() => certificate);
        var second = _authority.IssueServer();
        Assert.Equal(_first!.SerialNumber, await ShownAsync(certificate, SslProtocols.Tls13));

        var steps = await WatchAsync(client, isCut: false, async () =>
        {
            await WriteServerAsync(second);
            await Patience.UntilAsync(async () => await ShownAsync(certificate, SslProtocols.Tls13) == second.SerialNumber);
        });

        Assert.Equal(second.SerialNumber, await ShownAsync(certificate, SslProtocols.Tls12));
        Assert.Empty(_reconnections);
        Assert.Equal(Enumerable.Range(0, steps.Count).Select(i => steps[0] + i), steps);
    }

    private static async Task<StatusCode> OutcomeAsync(RunService.RunServiceClient client)
    {
        try
        {
            await client.ListRunsAsync(new ListRunsRequest()).ResponseAsync.Within();
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }

    private async Task<StatusCode> OutcomeAsync(X509Certificate2 certificate)
    {
        using var channel = ConnectPlainly(certificate);
        return await OutcomeAsync(new RunService.RunServiceClient(channel));
    }

    /// <summary>The serial number of what a new connection is shown.</summary>
    private async Task<string> ShownAsync(X509Certificate2 certificate, SslProtocols protocol)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(Address.Host, Address.Port);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = Address.Host,
            EnabledSslProtocols = protocol,
            CertificateChainPolicy = _authority.CreatePolicy(),
            ClientCertificates = [certificate],
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        }).Within();
        Assert.Equal(SslApplicationProtocol.Http2, tls.NegotiatedApplicationProtocol);
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }

    private MfnClient Connect(Func<X509Certificate2> certificate) =>
        new(new MfnClientOptions { Address = Address, AuthorityFile = PathOf("ca.pem"), GetCertificate = certificate });

    private GrpcChannel ConnectPlainly(X509Certificate2 certificate, params X509Certificate2[] others) => GrpcChannel.ForAddress(Address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = _authority.CreatePolicy(),
                ClientCertificateContext = SslStreamCertificateContext.Create(certificate, [.. others], offline: true),
            },
        },
    });

    /// <summary>Watches a run; after some frames something changes. Returns the steps of the frames, without a gap between them.</summary>
    private async Task<List<long>> WatchAsync(MfnClient client, bool isCut, Func<Task> changeAsync)
    {
        var run = await client.Runs.CreateAsync(
            new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 20, HistorySteps = 1000 }, TestContext.Current.CancellationToken);
        var options = new WatchOptions { Reconnecting = (error, _) => _reconnections.Add(error.StatusCode) };
        var steps = new List<long>();
        var changed = 0;
        await foreach (var each in client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId }, options).WithCancellation(TestContext.Current.CancellationToken))
        {
            Assert.IsNotType<GapEvent>(each);
            if (each is FrameEvent frame)
            {
                steps.Add(frame.Position.Step);
            }

            if (steps.Count == 3 && changed == 0)
            {
                await changeAsync();
                changed = steps.Count;
            }

            if (changed > 0 && (_reconnections.Count > 0 || !isCut) && steps.Count > changed + 10)
            {
                return steps;
            }

            Assert.InRange(steps.Count, 0, 1000);
        }

        throw new InvalidOperationException("The run has ended.");
    }

    private async Task WriteServerAsync(X509Certificate2 certificate)
    {
        await File.WriteAllTextAsync(PathOf("server.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(PathOf("server.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
