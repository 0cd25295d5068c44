using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

/// <summary>A run that takes steps by itself while somebody sends it random commands.</summary>
internal sealed class SteeredRun
{
    private readonly Random _random;
    private readonly RestartedServer _server;
    private readonly SimulationSpec _spec;
    private readonly string _runId;
    private readonly List<(RunCommand Command, Applied Applied)> _acknowledged = [];
    private long? _pausesAt;

    private SteeredRun(RestartedServer server, SimulationSpec spec, string runId, Random random)
    {
        _server = server;
        _spec = spec;
        _runId = runId;
        _random = random;
    }

    /// <summary>Begins a run, which waits until <see cref="SteerAsync"/>.</summary>
    public static async Task<SteeredRun> CreateAsync(RestartedServer server, CreateRunRequest request, Random random)
    {
        request.Paused = true;
        var run = (await (await server.UpAsync()).CreateRunAsync(request)).Run;
        return new SteeredRun(server, request.Spec, run.RunId, new Random(random.Next()));
    }

    /// <summary>The cells of a row.</summary>
    public int GridSize => _spec.GridSize;

    public NaiveWatcher Watcher(RunService.RunServiceClient simulation) => new(simulation, _runId);

    public async Task<Run> GetAsync() => (await (await _server.UpAsync()).GetRunAsync(new GetRunRequest { RunId = _runId })).Run;

    /// <summary>
    /// Lets the run go and sends random commands some steps apart, again if the answer was lost with the server, until it has stopped or has had
    /// so many.
    /// </summary>
    public async Task SteerAsync(int commandCount = int.MaxValue)
    {
        var command = new RunCommand { CommandId = "first", Resume = new Resume() };
        while (_acknowledged.Count < commandCount)
        {
            var outcome = await SendAsync(command);
            if (outcome.Refused is { } refused)
            {
                Assert.Equal((int)StatusCode.FailedPrecondition, refused.Code);
                return;
            }

            _acknowledged.Add((command, outcome.Applied));
            var step = outcome.Applied.Step;
            _pausesAt = command.ActionCase switch
            {
                RunCommand.ActionOneofCase.Pause => step,
                RunCommand.ActionOneofCase.TakeSteps => step + command.TakeSteps.Steps,
                RunCommand.ActionOneofCase.Resume => null,
                _ => _pausesAt,
            };
            command = Draw();
            await ReachAsync(Math.Min(step + _random.Next(30), _pausesAt ?? long.MaxValue));
        }
    }

    /// <summary>Waits until the run has come to a step, or has stopped.</summary>
    public async Task ReachAsync(long step)
    {
        var isThere = false;
        while (!isThere)
        {
            try
            {
                var watcher = Watcher(await _server.UpAsync());
                await watcher.WatchAsync(new WatchRunRequest { Delivery = Delivery.Latest }, message => message.Step >= step);
                isThere = watcher.Last.Step >= step || watcher.End is not null;
            }
            catch (RpcException error) when (KilledServer.IsCut(error))
            {
            }
        }
    }

    /// <summary>Every state up to a step, recomputed.</summary>
    public List<HistoryState> StatesTo(long lastStep)
    {
        using var run = new NaiveRun(RandomSpec.ToCore(_spec), _acknowledged);
        return [.. run.StatesTo(lastStep)];
    }

    /// <summary>Sends a command until it is answered.</summary>
    private async Task<SteerRunResponse> SendAsync(RunCommand command)
    {
        while (true)
        {
            using var call = (await _server.UpAsync()).SteerRun();
            try
            {
                await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = _runId, Command = command });
                if (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
                {
                    return call.ResponseStream.Current;
                }
            }
            catch (RpcException error) when (KilledServer.IsCut(error))
            {
            }
            catch (Exception error) when (error is InvalidOperationException or IOException)
            {
                // The call ended as the command was written, which its request stream tells in this way.
            }
        }
    }

    /// <summary>The run is let go again soon after it was told to pause.</summary>
    private RunCommand Draw()
    {
        var id = $"command-{_acknowledged.Count}";
        if (_pausesAt is not null && _random.Next(2) == 0)
        {
            return new RunCommand { CommandId = id, Resume = new Resume() };
        }

        return _random.Next(8) switch
        {
            0 => new RunCommand { CommandId = id, Pause = new Pause() },
            1 => new RunCommand { CommandId = id, TakeSteps = new TakeSteps { Steps = _random.Next(1, 40) } },
            2 => new RunCommand { CommandId = id, Checkpoint = new Checkpoint() },
            _ => RandomCommand.Change(_random, GridSize, id),
        };
    }
}
