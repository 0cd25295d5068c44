using System.Collections.Concurrent;
using System.Globalization;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Identity;

/// <summary>
/// Keys and tokens' keys that are rotated while 200 calls a second are made and 100 watches are open: no authorised call is refused, no watcher misses a frame, and what is old is
/// good for nothing after its grace. Twice, or ROTATION_COUNT times.
/// </summary>
public sealed class RotationTests : IDisposable
{
    private const int CallersOfAKind = 2;
    private const int WatchersOfAKind = 50;

    private static readonly int Rotations = int.Parse(Environment.GetEnvironmentVariable("ROTATION_COUNT") ?? "2", CultureInfo.InvariantCulture);

    // So that there are 200 calls a second of four callers.
    private static readonly TimeSpan CallInterval = TimeSpan.FromMilliseconds(20);

    private readonly KeyFile _keys = new();
    private readonly TestIssuer _issuer = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-rotation-");
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<string> _faults = [];
    private readonly List<string> _old = [];
    private string _key = "";
    private string _token = "";
    private long _callCount;
    private long _reconnectionCount;

    private string KeySetPath => Path.Combine(_folder.FullName, "jwks.json");

    [Fact]
    public async Task Rotation_UnderLoad_RefusesNoCallAndLosesNoFrame()
    {
        WriteKeySet();
        (_key, _token) = (_keys.Add(Roles.Operator), _issuer.Issue("operator"));
        await using var server = await TestServer.StartAsync(
            _keys.Setting, $"Auth:Jwt:KeySetFile={KeySetPath}", $"Auth:Jwt:Issuer={TestIssuer.Name}", $"Auth:Jwt:Audience={TestIssuer.Audience}");
        var run = (await server.Runs.CreateRunAsync(
            new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 10, HistorySteps = 10_000 }, Headers(_key))).Run;
        using var byKey = new MfnClient(new MfnClientOptions { Address = server.Address, GetApiKey = _ => ValueTask.FromResult(Volatile.Read(ref _key)) });
        using var byToken = new MfnClient(new MfnClientOptions { Address = server.Address, GetApiKey = _ => ValueTask.FromResult(Volatile.Read(ref _token)) });
        var watchers = Enumerable.Range(0, 2 * WatchersOfAKind).Select(i => WatchAsync(i % 2 == 0 ? byKey : byToken, run.RunId)).ToArray();
        var callers = Enumerable.Range(0, 2 * CallersOfAKind).Select(i => CallAsync(server, () => i % 2 == 0 ? Volatile.Read(ref _key) : Volatile.Read(ref _token))).ToArray();

        for (var i = 0; i < Rotations; i++)
        {
            await RotateAsync(server);
            await WaitUntilAsync(() => Interlocked.Read(ref _reconnectionCount) >= (i + 1L) * watchers.Length);
        }

        foreach (var old in _old)
        {
            Assert.Equal(StatusCode.Unauthenticated, await OutcomeAsync(server, old));
        }

        await _end.CancelAsync();
        await Task.WhenAll(callers).Within();
        var frames = await Task.WhenAll(watchers).Within();
        Assert.Empty(_faults);
        Assert.Equal(Rotations * watchers.Length, Interlocked.Read(ref _reconnectionCount));
        Assert.All(frames, count => Assert.InRange(count, 10, long.MaxValue));

        // The rate is that of the timer wherever the machine is not the slowest thing in the test.
        Assert.InRange(_callCount, 100 * Rotations, long.MaxValue);
    }

    public void Dispose()
    {
        _end.Dispose();
        _keys.Dispose();
        _issuer.Dispose();
        _folder.Delete(recursive: true);
    }

    private static Metadata Headers(string credential) => new() { { "authorization", $"Bearer {credential}" } };

    private static async Task<StatusCode> OutcomeAsync(TestServer server, string credential)
    {
        try
        {
            await server.Runs.ListRunsAsync(new ListRunsRequest(), Headers(credential)).ResponseAsync.Within();
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }

    private void WriteKeySet()
    {
        var next = KeySetPath + ".new";
        File.WriteAllText(next, _issuer.KeySet);
        File.Move(next, KeySetPath, overwrite: true);
    }

    /// <summary>As an operator does it: the new one is good before anybody uses it, and the old one until nobody does.</summary>
    private async Task RotateAsync(TestServer server)
    {
        var (oldKey, oldToken) = (_key, _token);
        var key = _keys.Add(Roles.Operator);
        _issuer.Rotate();
        WriteKeySet();
        var token = _issuer.Issue("operator");
        await WaitUntilAsync(async () => await OutcomeAsync(server, key) == StatusCode.OK && await OutcomeAsync(server, token) == StatusCode.OK);

        Volatile.Write(ref _key, key);
        Volatile.Write(ref _token, token);

        // Calls that had the old ones in hand.
        var soFar = Interlocked.Read(ref _callCount);
        await WaitUntilAsync(() => Interlocked.Read(ref _callCount) >= soFar + 40);
        _keys.Change(oldKey, each => each with { Expires = DateTimeOffset.UtcNow.AddSeconds(1) });
        _issuer.Retire();
        WriteKeySet();
        await WaitUntilAsync(async () => await OutcomeAsync(server, oldKey) == StatusCode.Unauthenticated && await OutcomeAsync(server, oldToken) == StatusCode.Unauthenticated);
        _old.AddRange([oldKey, oldToken]);
    }

    private async Task CallAsync(TestServer server, Func<string> credential)
    {
        using var timer = new PeriodicTimer(CallInterval);
        while (!_end.IsCancellationRequested && await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            var outcome = await OutcomeAsync(server, credential());
            Interlocked.Increment(ref _callCount);
            if (outcome != StatusCode.OK)
            {
                _faults.Enqueue($"A call was answered with {outcome}.");
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
        Assert.Empty(_faults);
        return await isSo();
    });
}
