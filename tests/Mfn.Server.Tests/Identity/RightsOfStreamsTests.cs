using Google.Rpc;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Identity;

/// <summary>Rights that change act on the streams that are open.</summary>
public sealed class RightsOfStreamsTests : IDisposable
{
    private readonly KeyFile _keys = new();

    [Fact]
    public async Task Watch_OfAKeyThatIsRevoked_EndsAndResumesWithAnother()
    {
        var (first, second) = (_keys.Add(Roles.Operator), _keys.Add(Roles.Viewer));
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = await CreateAsync(server, first);

        var (before, error) = await WatchToItsEndAsync(server, new WatchRunRequest { RunId = run.RunId }, first, () => _keys.Revoke(first));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Equal("CREDENTIAL_REVOKED", error.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
        using var call = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId, ResumeToken = before.Token }, Headers(second));
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(before.Sequence + 1, call.ResponseStream.Current.Sequence);
        while (call.ResponseStream.Current is { Snapshot: null, Delta: null })
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        }

        Assert.Equal(before.Step + 1, call.ResponseStream.Current.Step);
    }

    [Fact]
    public async Task Watch_OfAKeyThatExpires_Ends()
    {
        var key = _keys.Add(Roles.Operator, expires: DateTimeOffset.UtcNow.AddSeconds(3));
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = await CreateAsync(server, key);

        var (_, error) = await WatchToItsEndAsync(server, new WatchRunRequest { RunId = run.RunId }, key, () => { });

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Equal("CREDENTIAL_EXPIRED", error.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
    }

    /// <summary>The client's callback gives a new key, and its reader sees nothing of it: the hash chain is checked too.</summary>
    [Fact]
    public async Task WatchAsync_WhoseKeyIsReplaced_MissesNothing()
    {
        var key = _keys.Add(Roles.Operator);
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = await CreateAsync(server, key);
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, GetApiKey = _ => ValueTask.FromResult(Volatile.Read(ref key)) });
        var reconnections = new List<StatusCode>();
        var options = new WatchOptions { Reconnecting = (error, _) => reconnections.Add(error.StatusCode) };
        var steps = new List<long>();

        await foreach (var each in client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId }, options))
        {
            Assert.IsNotType<GapEvent>(each);
            if (each is FrameEvent frame)
            {
                steps.Add(frame.Position.Step);
            }

            if (steps.Count == 3)
            {
                var old = key;
                Volatile.Write(ref key, _keys.Add(Roles.Viewer));
                _keys.Revoke(old);
            }

            if (reconnections.Count > 0 && steps.Count > 10)
            {
                break;
            }
        }

        Assert.Equal([StatusCode.Unauthenticated], reconnections);
        Assert.Equal(Enumerable.Range(0, steps.Count).Select(i => steps[0] + i), steps);
    }

    /// <summary>A token that something else renews in a file.</summary>
    [Fact]
    public async Task TokenFile_ThatIsReplaced_IsReadAgain()
    {
        var key = _keys.Add(Roles.Operator);
        var file = Path.Combine(Path.GetDirectoryName(_keys.Path)!, "token");
        await File.WriteAllTextAsync(file, $"{key}\n");
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = await CreateAsync(server, key);
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, TokenFile = file });
        var reconnections = 0;
        var options = new WatchOptions { Reconnecting = (_, _) => reconnections++ };

        await foreach (var each in client.Runs.WatchAsync(new WatchRunRequest { RunId = run.RunId }, options))
        {
            Assert.IsNotType<GapEvent>(each);
            if (each is FrameEvent && reconnections == 0 && await File.ReadAllTextAsync(file) == $"{key}\n")
            {
                await File.WriteAllTextAsync(file, _keys.Add(Roles.Viewer));
                _keys.Revoke(key);
            }
            else if (reconnections > 0)
            {
                break;
            }
        }

        Assert.Equal(1, reconnections);
    }

    [Fact]
    public async Task Steering_OfAKeyThatIsOnlyAViewersNow_EndsBeforeTheNextCommand()
    {
        var (key, other) = (_keys.Add(Roles.Operator), _keys.Add(Roles.Viewer));
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = await CreateAsync(server, key);
        using var steering = server.Runs.SteerRun(Headers(key));
        await steering.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = "a", Pause = new Pause() } });
        Assert.True(await steering.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.NotNull(steering.ResponseStream.Current.Applied);

        _keys.Change(key, entry => entry with { Roles = Roles.Viewer });
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await steering.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
            }
        });

        Assert.Equal(StatusCode.PermissionDenied, error.StatusCode);
        Assert.Equal("runs.steer", error.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Metadata["permission"]);
        Assert.Equal(RunState.Paused, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId }, Headers(other))).Run.State);
    }

    [Fact]
    public async Task Watch_OfAKeyThatMayStillWatch_IsToldToCallAgain()
    {
        var key = _keys.Add(Roles.Operator);
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var run = await CreateAsync(server, key);

        var (_, error) = await WatchToItsEndAsync(server, new WatchRunRequest { RunId = run.RunId }, key, () => _keys.Change(key, entry => entry with { Roles = Roles.Viewer }));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.NotNull(error.GetRpcStatus()!.GetDetail<RetryInfo>());
    }

    /// <summary>Whatever kind of stream it is: one of a service that comes from a package, and one that sends.</summary>
    [Fact]
    public async Task OtherStreams_OfAKeyThatIsRevoked_EndToo()
    {
        var key = _keys.Add(Roles.Operator);
        await using var server = await TestServer.StartAsync(_keys.Setting);
        using var health = server.Health.Watch(new Grpc.Health.V1.HealthCheckRequest(), Headers(key));
        Assert.True(await health.ResponseStream.MoveNext(CancellationToken.None).Within());
        using var upload = server.Runs.ImportRun(Headers(key));
        await upload.RequestStream.WriteAsync(new ImportRunRequest { Start = new ImportRunStart() });
        using var features = server.Features.StreamFeatures(Headers(key));

        _keys.Revoke(key);

        foreach (var ending in new Func<Task>[] { () => health.ResponseStream.MoveNext(CancellationToken.None).Within(), () => upload.ResponseAsync.Within(), () => features.ResponseStream.MoveNext(CancellationToken.None).Within() })
        {
            Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(ending)).StatusCode);
        }
    }

    public void Dispose() => _keys.Dispose();

    private static Metadata Headers(string key) => new() { { "x-api-key", key } };

    private static async Task<Run> CreateAsync(TestServer server, string key) => (await server.Runs.CreateRunAsync(
        new CreateRunRequest { Spec = new SimulationSpec { GridSize = 16 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 20, HistorySteps = 1000 },
        Headers(key))).Run;

    /// <summary>The last message, and how the stream ended.</summary>
    private static async Task<(WatchRunResponse Last, RpcException Error)> WatchToItsEndAsync(TestServer server, WatchRunRequest request, string key, Action act)
    {
        using var call = server.Runs.WatchRun(request, Headers(key));
        var last = new WatchRunResponse();
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
                if (last.Token.IsEmpty)
                {
                    act();
                }

                last = call.ResponseStream.Current;
            }
        });
        return (last, error);
    }
}
