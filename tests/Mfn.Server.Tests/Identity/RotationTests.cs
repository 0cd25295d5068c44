using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Secrets;

namespace Mfn.Server.Tests.Identity;

/// <summary>
/// Keys, tokens' keys, the server's certificate and clients' authorities that are rotated, as Kubernetes swaps the files of a secret, while 200 calls a second are made and 100
/// watches are open: no authorised call is refused, no watcher misses a frame, and what is old is good for nothing after its grace. Twice, or ROTATION_COUNT times.
/// </summary>
public sealed class RotationTests : IDisposable
{
    // By key, by token, and by certificate.
    private const int Kinds = 3;
    private const int CallerCount = 6;
    private const int WatcherCount = 100;

    private static readonly int Rotations = int.Parse(Environment.GetEnvironmentVariable("ROTATION_COUNT") ?? "2", CultureInfo.InvariantCulture);

    // So that there are 200 calls a second.
    private static readonly TimeSpan CallInterval = TimeSpan.FromMilliseconds(30);

    private readonly KeyFile _keys = new();
    private readonly TestIssuer _issuer = new();
    private readonly TestAuthority _servers = new();
    private readonly List<TestAuthority> _authorities = [new()];
    private readonly List<GrpcChannel> _channels = [];
    private int _firstTrusted;
    private MountedSecret? _volume;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<string> _faults = [];
    private readonly List<string> _old = [];
    private readonly List<ByCertificate> _oldCertificates = [];
    private string _key = "";
    private string _token = "";
    private X509Certificate2? _server;
    private ByCertificate? _certificate;
    private RunService.RunServiceClient? _client;
    private readonly long[] _callCounts = new long[CallerCount];
    private long _reconnectionCount;

    [Fact]
    public async Task Rotation_UnderLoad_RefusesNoCallAndLosesNoFrame()
    {
        await using var server = await StartAsync();
        var runId = await CreateRunAsync(server.Address);
        var trusted = _volume!.PathOf("servers.crt");
        await File.WriteAllTextAsync(trusted, _servers.RootPem);
        using var byKey = new MfnClient(new MfnClientOptions { Address = server.Address, AuthorityFile = trusted, GetApiKey = _ => ValueTask.FromResult(Volatile.Read(ref _key)) });
        using var byToken = new MfnClient(new MfnClientOptions { Address = server.Address, AuthorityFile = trusted, GetApiKey = _ => ValueTask.FromResult(Volatile.Read(ref _token)) });
        using var byCertificate = new MfnClient(new MfnClientOptions { Address = server.Address, AuthorityFile = trusted, GetCertificate = () => Volatile.Read(ref _certificate)!.Certificate });
        MfnClient[] clients = [byKey, byToken, byCertificate];
        var watchers = Enumerable.Range(0, WatcherCount).Select(i => WatchAsync(clients[i % Kinds], runId)).ToArray();
        Func<Task<Status>>[] calls =
        [
            () => AnswerAsync(_client!, Volatile.Read(ref _key)), () => AnswerAsync(_client!, Volatile.Read(ref _token)), () => AnswerAsync(Volatile.Read(ref _certificate)!.Client),
        ];
        var callers = Enumerable.Range(0, CallerCount).Select(i => CallAsync(i, calls[i % Kinds])).ToArray();

        for (var i = 0; i < Rotations; i++)
        {
            await RotateAsync(server.Address);
            await WaitUntilAsync(() => Interlocked.Read(ref _reconnectionCount) >= (i + 1L) * watchers.Length);
        }

        foreach (var old in _old)
        {
            Assert.Equal(StatusCode.Unauthenticated, await OutcomeAsync(old));
        }

        foreach (var old in _oldCertificates)
        {
            Assert.Contains(await OutcomeAsync(new RunService.RunServiceClient(Connect(server.Address, old.Certificate))), RefusedHandshake.Outcomes);
        }

        await _end.CancelAsync();
        await Task.WhenAll(callers).Within();
        var frames = await Task.WhenAll(watchers).Within();
        Assert.True(_faults.IsEmpty, string.Join(" ", _faults));
        Assert.Equal(Rotations * watchers.Length, Interlocked.Read(ref _reconnectionCount));
        Assert.All(frames, count => Assert.InRange(count, 10, long.MaxValue));

        // The rate is that of the timer wherever the machine is not the slowest thing in the test.
        Assert.InRange(_callCounts.Sum(), 100 * Rotations, long.MaxValue);
    }

    public void Dispose()
    {
        _end.Dispose();
        _keys.Dispose();
        _issuer.Dispose();
        _channels.ForEach(channel => channel.Dispose());
        _authorities.ForEach(authority => authority.Dispose());
        _server?.Dispose();
        _servers.Dispose();
        _volume?.Dispose();
    }

    private async Task<TestServer> StartAsync()
    {
        (_key, _token, _server) = (_keys.Add(Roles.Operator), _issuer.Issue("operator"), _servers.IssueServer());
        WriteSecrets();
        return await TestServer.StartAsync(
            "urls=https://127.0.0.1:0",
            $"Tls:CertificateFile={_volume!.PathOf("tls.crt")}",
            $"Tls:KeyFile={_volume.PathOf("tls.key")}",
            $"Tls:ClientAuthorityFile={_volume.PathOf("ca.crt")}",
            "Tls:RequireClientCertificate=false",
            _keys.Setting,
            $"Auth:Jwt:KeySetFile={_volume.PathOf("jwks.json")}",
            $"Auth:Jwt:Issuer={TestIssuer.Name}",
            $"Auth:Jwt:Audience={TestIssuer.Audience}");
    }

    private async Task<string> CreateRunAsync(Uri address)
    {
        _client = new RunService.RunServiceClient(Connect(address, certificate: null));
        _certificate = NewCertificate(address);
        return (await _client.CreateRunAsync(
            new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 10, HistorySteps = 10_000 }, Headers(_key))).Run.RunId;
    }

    private static Metadata Headers(string credential) => new() { { "authorization", $"Bearer {credential}" } };

    private static async Task<StatusCode> OutcomeAsync(RunService.RunServiceClient client, string? credential = null) => (await AnswerAsync(client, credential)).StatusCode;

    private static async Task<Status> AnswerAsync(RunService.RunServiceClient client, string? credential = null)
    {
        try
        {
            await client.ListRunsAsync(new ListRunsRequest(), credential is null ? [] : Headers(credential)).ResponseAsync.Within();
            return Status.DefaultSuccess;
        }
        catch (RpcException error)
        {
            return error.Status;
        }
    }

    private Task<StatusCode> OutcomeAsync(string credential) => OutcomeAsync(_client!, credential);

    private GrpcChannel Connect(Uri address, X509Certificate2? certificate)
    {
        var options = new SslClientAuthenticationOptions { CertificateChainPolicy = _servers.CreatePolicy(), ClientCertificates = certificate is null ? null : [certificate] };
        var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { SslOptions = options }, DisposeHttpClient = true });
        _channels.Add(channel);
        return channel;
    }

    private ByCertificate NewCertificate(Uri address)
    {
        var certificate = _authorities[^1].IssueClient("lab");
        return new ByCertificate(certificate, new RunService.RunServiceClient(Connect(address, certificate)));
    }

    /// <summary>The serial number of what a new connection is shown.</summary>
    private async Task<string> ShownAsync(Uri address)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address.Host, CertificateChainPolicy = _servers.CreatePolicy() }).Within();
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }

    private void WriteSecrets()
    {
        (string Name, string Content)[] files =
        [
            ("tls.crt", _server!.ExportCertificatePem()),
            ("tls.key", _server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            ("ca.crt", string.Join('\n', _authorities.Skip(_firstTrusted).Select(authority => authority.RootPem))),
            ("jwks.json", _issuer.KeySet),
        ];
        if (_volume is null)
        {
            _volume = new MountedSecret(files);
        }
        else
        {
            _volume.Swap(files);
        }
    }

    /// <summary>As an operator does it: the new one is good before anybody uses it, and the old one until nobody does.</summary>
    private async Task RotateAsync(Uri address)
    {
        var (oldKey, oldToken, oldCertificate, oldServer) = (_key, _token, _certificate!, _server!);
        var key = _keys.Add(Roles.Operator);
        _issuer.Rotate();
        _authorities.Add(new TestAuthority());
        _server = _servers.IssueServer();
        WriteSecrets();
        var token = _issuer.Issue("operator");
        await WaitUntilAsync(async () => await OutcomeAsync(key) == StatusCode.OK && await OutcomeAsync(token) == StatusCode.OK && await ShownAsync(address) == _server.SerialNumber);
        await WaitUntilAsync(async () => await OutcomeAsync(new RunService.RunServiceClient(Connect(address, _authorities[^1].IssueClient("probe")))) == StatusCode.OK);

        Volatile.Write(ref _key, key);
        Volatile.Write(ref _token, token);
        Volatile.Write(ref _certificate, NewCertificate(address));

        // Calls that had the old ones in hand.
        var soFar = _callCounts.ToArray();
        await WaitUntilAsync(() => _callCounts.Zip(soFar).All(each => each.First >= each.Second + 2));
        Assert.Equal(StatusCode.OK, await OutcomeAsync(oldCertificate.Client));
        _keys.Change(oldKey, each => each with { Expires = DateTimeOffset.UtcNow.AddSeconds(1) });
        _issuer.Retire();
        _firstTrusted++;
        WriteSecrets();
        await WaitUntilAsync(async () => await OutcomeAsync(oldKey) == StatusCode.Unauthenticated && await OutcomeAsync(oldToken) == StatusCode.Unauthenticated
            && await OutcomeAsync(oldCertificate.Client) == StatusCode.Unauthenticated);
        Assert.NotEqual(oldServer.SerialNumber, await ShownAsync(address));
        _old.AddRange([oldKey, oldToken]);
        _oldCertificates.Add(oldCertificate);
    }

    private async Task CallAsync(int caller, Func<Task<Status>> callAsync)
    {
        using var timer = new PeriodicTimer(CallInterval);
        while (!_end.IsCancellationRequested && await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            var answer = await callAsync();
            Interlocked.Increment(ref _callCounts[caller]);
            if (answer.StatusCode != StatusCode.OK)
            {
                _faults.Enqueue($"A call was answered with {answer}.");
            }
        }
    }

    /// <summary>Checks that no frame is missing; the client checks that they are the run's. Returns how many there were.</summary>
    private async Task<long> WatchAsync(MfnClient client, string runId)
    {
        var options = new WatchOptions { Reconnecting = (_, _) => Interlocked.Increment(ref _reconnectionCount) };
        long? last = null;
        var count = 0L;
        try
        {
            await foreach (var each in client.Runs.WatchAsync(new WatchRunRequest { RunId = runId }, options, _end.Token))
            {
                if (each is not FrameEvent frame)
                {
                    continue;
                }

                if (last is { } before && frame.Position.Step != before + 1)
                {
                    _faults.Enqueue($"A watcher got step {frame.Position.Step} after {before}.");
                }

                last = frame.Position.Step;
                count++;
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The test is over.
        }
        catch (Exception error) when (error is RpcException or InvalidDataException or IOException)
        {
            _faults.Enqueue($"A watcher has ended: {error.Message}");
        }

        return count;
    }

    private Task WaitUntilAsync(Func<bool> isSo) => WaitUntilAsync(() => Task.FromResult(isSo()));

    private Task WaitUntilAsync(Func<Task<bool>> isSo) => Patience.UntilAsync(async () =>
    {
        Assert.True(_faults.IsEmpty, string.Join(" ", _faults));
        return await isSo();
    });

    private sealed record ByCertificate(X509Certificate2 Certificate, RunService.RunServiceClient Client);
}
