using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using CoreSpec = Mfn.Core.Simulation.SimulationSpec;

namespace Mfn.Server.Tests.Runs;

/// <summary>A run on a server that is killed now and then, its watchers and its steerer, and what must come of it.</summary>
internal sealed class KilledRun
{
    private static readonly FieldEncoding[] Encodings = [FieldEncoding.Float64, FieldEncoding.Float32, FieldEncoding.Quantized16, FieldEncoding.Quantized8];

    private readonly Lock _lock = new();
    private readonly KilledServer _server;
    private readonly CoreSpec _spec;
    private readonly string _runId;
    private readonly int _everyNSteps;
    private readonly Random _random;
    private readonly List<Acknowledged> _acknowledged = [];
    private readonly List<(NaiveWatcher Watcher, WatchRunRequest Request)> _watchers = [];
    private int _checkedCount;
    private volatile bool _isSteered = true;
    private volatile bool _isWatched = true;

    private KilledRun(KilledServer server, CoreSpec spec, string runId, int everyNSteps, Random random)
    {
        _server = server;
        _spec = spec;
        _runId = runId;
        _everyNSteps = everyNSteps;
        _random = random;
    }

    /// <summary>The least step that the run has surely come to.</summary>
    private long SeenStep
    {
        get
        {
            lock (_lock)
            {
                return _watchers.Max(watcher => watcher.Watcher.Last.Step) is var seen && _acknowledged.Count > 0
                    ? Math.Max(seen, _acknowledged[^1].Applied.Step)
                    : seen;
            }
        }
    }

    /// <param name="server">Where it runs.</param>
    /// <param name="spec">What both name.</param>
    /// <param name="wireSpec">The same.</param>
    /// <param name="stepsPerSecond">Null for as fast as possible.</param>
    /// <param name="everyNSteps">The watchers' steps are multiples of this.</param>
    /// <param name="seed">Of commands and watchers.</param>
    public static async Task<KilledRun> CreateAsync(
        KilledServer server, CoreSpec spec, SimulationSpec wireSpec, double? stepsPerSecond, int everyNSteps, int seed)
    {
        var request = new CreateRunRequest { Spec = wireSpec, Stop = new StopCondition { Never = true }, HistorySteps = 1_000_000 };
        if (stepsPerSecond is { } pace)
        {
            request.StepsPerSecond = pace;
        }

        var run = (await server.Runs.CreateRunAsync(request)).Run;
        return new KilledRun(server, spec, run.RunId, everyNSteps, new Random(seed));
    }

    /// <summary>Watches in every encoding from step 0 on, until <see cref="EndWatching"/>.</summary>
    public Task WatchAsync()
    {
        foreach (var encoding in Encodings)
        {
            _watchers.Add((new NaiveWatcher(_server.Runs, _runId), new WatchRunRequest
            {
                FromStep = 0,
                EveryNSteps = _everyNSteps * _random.Next(1, 4),
                FieldEncoding = encoding,
                KeyFrameInterval = _random.Next(1, 20),
                BacklogFrames = 256,
            }));
        }

        return Task.WhenAll(_watchers.Select(watcher => Task.Run(() => WatchAsync(watcher.Watcher, watcher.Request))));
    }

    /// <summary>Sends random commands, again if the server was killed before it answered, until <see cref="EndSteering"/>.</summary>
    public async Task SteerAsync()
    {
        RunCommand? unanswered = null;
        while (_isSteered || unanswered is not null)
        {
            try
            {
                using var call = (await _server.UpAsync()).SteerRun();
                while (_isSteered || unanswered is not null)
                {
                    unanswered ??= Draw();
                    var applied = await SendAsync(call, unanswered);
                    lock (_lock)
                    {
                        _acknowledged.Add(new Acknowledged(unanswered, applied));
                    }

                    if (_random.Next(4) == 0)
                    {
                        AssertSame(applied, await SendAsync(call, unanswered));
                    }

                    unanswered = null;
                    await _server.EventsAsync(_random.Next(300));
                }

                await call.RequestStream.CompleteAsync();
            }
            catch (RpcException error) when (KilledServer.IsCut(error))
            {
            }
            catch (Exception error) when (error is InvalidOperationException or IOException)
            {
                // The call has ended between two commands, or as one was written, which its request stream tells in this way.
            }
        }
    }

    public void EndSteering() => _isSteered = false;

    public void EndWatching() => _isWatched = false;

    /// <summary>Stops the run.</summary>
    public async Task PauseAsync()
    {
        using var call = _server.Runs.SteerRun();
        var command = new RunCommand { CommandId = "last", Pause = new Pause() };
        _acknowledged.Add(new Acknowledged(command, await SendAsync(call, command)));
    }

    /// <summary>Fails unless the server has the run where it was seen, and the commands that it acknowledged: all since the last check, and some older ones.</summary>
    public async Task CheckAfterRestartAsync(bool withAllCommands)
    {
        var seenStep = SeenStep;
        List<Acknowledged> commands;
        lock (_lock)
        {
            commands = withAllCommands
                ? [.. _acknowledged]
                : [.. _acknowledged.Skip(_checkedCount), .. Enumerable.Range(0, Math.Min(10, _checkedCount)).Select(i => _acknowledged[(i * 7919) % _checkedCount])];
            _checkedCount = _acknowledged.Count;
        }

        var run = (await _server.Runs.GetRunAsync(new GetRunRequest { RunId = _runId }).ResponseAsync.Within()).Run;
        Assert.Equal("", run.Failure);
        Assert.InRange(run.Step, seenStep, long.MaxValue);
        using var call = _server.Runs.SteerRun();
        foreach (var command in commands)
        {
            AssertSame(command.Applied, await SendAsync(call, command.Command));
        }
    }

    /// <summary>Fails unless the watchers have had every frame once, and as it must be: recomputed here step by step from the acknowledged commands.</summary>
    public async Task CheckFramesAsync()
    {
        using var expected = new NaiveRun(_spec, _acknowledged.Select(acknowledged => (acknowledged.Command, acknowledged.Applied)));
        var next = new int[_watchers.Count];
        foreach (var state in expected.StatesTo(_acknowledged[^1].Applied.Step))
        {
            for (var i = 0; i < _watchers.Count; i++)
            {
                var (watcher, request) = _watchers[i];
                if (state.IsDue(request.EveryNSteps))
                {
                    Assert.True(next[i] < watcher.Frames.Count, $"The watcher of {request.FieldEncoding} has no frame of step {state.Step}, revision {state.Revision}.");
                    var frame = watcher.Frames[next[i]++];
                    Assert.Equal((state.Step, state.Revision), (frame.Step, frame.Revision));
                    frame.AssertShows(state.Volts, request.FieldEncoding);
                }
            }
        }

        Assert.Equal(_watchers.Select(watcher => watcher.Watcher.Frames.Count), next);
        Assert.All(_watchers, watcher => Assert.Empty(watcher.Watcher.Gaps));
        var run = (await _server.Runs.GetRunAsync(new GetRunRequest { RunId = _runId })).Run;
        Assert.Equal(expected.Position, (run.Step, run.Revision));
        Assert.Equal(expected.Identity, run.Identity);
    }

    private static void AssertSame(Applied first, Applied again)
    {
        Assert.Equal((first.Step, first.Revision), (again.Step, again.Revision));
        Assert.True(again.AlreadyApplied);
    }

    private async Task WatchAsync(NaiveWatcher watcher, WatchRunRequest request)
    {
        while (_isWatched)
        {
            watcher.Runs = await _server.UpAsync();
            try
            {
                await watcher.WatchAsync(request, message =>
                {
                    _server.Count();

                    // Nothing waits any more when the stream has nothing but this to tell.
                    return !_isWatched && message.KindCase == WatchRunResponse.KindOneofCase.Heartbeat;
                });
            }
            catch (RpcException error) when (KilledServer.IsCut(error))
            {
            }
        }
    }

    private async Task<Applied> SendAsync(AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call, RunCommand command)
    {
        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = _runId, Command = command });
        do
        {
            if (!await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "The stream has ended."));
            }
        }
        while (call.ResponseStream.Current.Heartbeat is not null);

        Assert.Equal(command.CommandId, call.ResponseStream.Current.CommandId);
        Assert.Null(call.ResponseStream.Current.Refused);
        return call.ResponseStream.Current.Applied;
    }

    private RunCommand Draw()
    {
        var command = new RunCommand { CommandId = $"command-{_acknowledged.Count}" };
        switch (_random.Next(12))
        {
            case < 4:
                return RandomCommand.Change(_random, _spec.GridSize, command.CommandId);
            case 4:
                command.Pause = new Pause();
                break;
            case 5 or 6:
                command.TakeSteps = new TakeSteps { Steps = _everyNSteps * _random.Next(1, 50) };
                break;
            case 7:
                command.Checkpoint = new Checkpoint();
                break;
            default:
                command.Resume = new Resume();
                break;
        }

        return command;
    }

    private sealed record Acknowledged(RunCommand Command, Applied Applied);
}
