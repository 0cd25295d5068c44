using Grpc.Core;
using Mfn.Contracts.Storage.V1;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Storage;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Runs;
using Microsoft.Extensions.Logging.Abstractions;
using CoreSpec = Mfn.Core.Simulation.SimulationSpec;

namespace Mfn.Server.Tests.Durability;

/// <summary>
/// A data directory with a run whose commands were all acknowledged, and another one; as it is after servers that were killed or stopped, and as it was after the
/// first of them.
/// </summary>
internal sealed class DurableHistory
{
    private const int GridSize = 8;
    private const int CommandsAServer = 12;

    private readonly List<(RunCommand Command, Applied Applied)> _acknowledged = [];
    private readonly Random _random;

    private DurableHistory(string root, string name, int seed)
    {
        Name = name;
        Data = Path.Combine(root, name);
        Older = Path.Combine(root, name + "-older");
        _random = new Random(seed);
    }

    public string Name { get; }

    /// <summary>As it is.</summary>
    public string Data { get; }

    /// <summary>As it was when not all commands had been sent.</summary>
    public string Older { get; }

    /// <summary>The run.</summary>
    public string RunId { get; private set; } = "";

    /// <summary>Another one.</summary>
    public string OtherRunId { get; private set; } = "";

    public IReadOnlyList<(RunCommand Command, Applied Applied)> Acknowledged => _acknowledged;

    /// <summary>The path of the log in the directory.</summary>
    public string LogFile => Path.Combine(RunStore.RunsName, RunId, StoredRun.LogName);

    /// <summary>All files of the run, with their paths in the directory.</summary>
    public IReadOnlyList<string> Files =>
    [
        Path.Combine(RunStore.MarksName, RunId),
        .. Directory.GetFiles(Path.Combine(Data, RunStore.RunsName, RunId)).Select(path => Path.GetRelativePath(Data, path)).Order(StringComparer.Ordinal),
    ];

    /// <summary>Where the log's appends begin, and where it ends.</summary>
    public IReadOnlyList<int> AppendBoundaries { get; private set; } = [];

    /// <summary>Three servers one after the other, the last of which writes the log anew.</summary>
    /// <param name="root">Where the directories go.</param>
    /// <param name="name">Of the directory.</param>
    /// <param name="isKilled">Whether the last server is killed while the run takes steps; or the run is paused and the server stopped.</param>
    /// <param name="seed">Of the commands.</param>
    public static async Task<DurableHistory> CreateAsync(string root, string name, bool isKilled, int seed)
    {
        var history = new DurableHistory(root, name, seed);
        using (var server = await ServerProcess.StartAsync(history.Data))
        {
            history.RunId = await CreateRunAsync(server.Runs);
            history.OtherRunId = await CreateRunAsync(server.Runs);
            await history.SteerAsync(server.Runs);
            await server.KillAsync();
        }

        await using (var server = await TestServer.StartAsync($"Runs:DataDirectory={history.Data}"))
        {
            await history.SteerAsync(server.Runs);
            await server.StopAsync();
        }

        Copy(history.Data, history.Older);
        history.LengthenLog();
        if (isKilled)
        {
            using var server = await ServerProcess.StartAsync(history.Data);
            await history.SteerAsync(server.Runs);
            await history.SendAsync(server.Runs, new RunCommand { Resume = new Resume() });
            await server.KillAsync();
        }
        else
        {
            await using var server = await TestServer.StartAsync($"Runs:DataDirectory={history.Data}");
            await history.SteerAsync(server.Runs);
            await server.StopAsync();
        }

        history.AppendBoundaries = FindBoundaries(Path.Combine(history.Data, history.LogFile));
        return history;
    }

    /// <summary>Copies a directory.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var path in Directory.GetFiles(from))
        {
            File.Copy(path, Path.Combine(to, Path.GetFileName(path)));
        }

        foreach (var path in Directory.GetDirectories(from))
        {
            Copy(path, Path.Combine(to, Path.GetFileName(path)));
        }
    }

    /// <summary>Sends a command of the history again, or a new one.</summary>
    public static async Task<SteerRunResponse> SendAsync(AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call, string runId, RunCommand command)
    {
        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = runId, Command = command });
        do
        {
            // On a busy machine signs of life may come before the answer.
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        }
        while (call.ResponseStream.Current.OutcomeCase == SteerRunResponse.OutcomeOneofCase.Heartbeat);

        return call.ResponseStream.Current;
    }

    /// <summary>What the run is at a step, computed from the acknowledged commands alone.</summary>
    public SimulationCheckpoint StateAt(int step)
    {
        using var simulation = new SteeredSimulation(new CoreSpec { GridSize = GridSize, IsJitterEnabled = true });
        foreach (var (command, applied) in _acknowledged.Where(one => NaiveRun.ChangeOf(one.Command) is not null))
        {
            simulation.Advance((int)applied.Step - simulation.Step);
            simulation.Apply(NaiveRun.ChangeOf(command)!);
        }

        simulation.Advance(step - simulation.Step);
        return simulation.Capture();
    }

    private static async Task<string> CreateRunAsync(RunService.RunServiceClient runs) => (await runs.CreateRunAsync(new CreateRunRequest
    {
        Spec = new SimulationSpec { GridSize = GridSize, JitterEnabled = true },
        StepsPerSecond = 200,
        Stop = new StopCondition { Never = true },
        HistorySteps = 20,
        Paused = true,
    })).Run.RunId;

    private async Task SteerAsync(RunService.RunServiceClient runs)
    {
        await SendAsync(runs, new RunCommand { Resume = new Resume() });
        for (var i = 0; i < CommandsAServer; i++)
        {
            await SendAsync(runs, _random.Next(6) switch
            {
                0 => new RunCommand { Checkpoint = new Checkpoint() },
                1 => new RunCommand { TakeSteps = new TakeSteps { Steps = _random.Next(1, 30) } },
                2 => new RunCommand { Resume = new Resume() },
                _ => RandomCommand.Change(_random, GridSize, ""),
            });
        }

        await SendAsync(runs, new RunCommand { Checkpoint = new Checkpoint() });
        await SendAsync(runs, RandomCommand.Change(_random, GridSize, ""));
        await SendAsync(runs, new RunCommand { Pause = new Pause() });
    }

    private async Task SendAsync(RunService.RunServiceClient runs, RunCommand command)
    {
        command.CommandId = $"command-{_acknowledged.Count}";
        using var call = runs.SteerRun();
        _acknowledged.Add((command, (await SendAsync(call, RunId, command)).Applied));
    }

    /// <summary>So much that the next server writes the log anew.</summary>
    private void LengthenLog()
    {
        using var store = new RunStore(Data, NullLogger<RunStore>.Instance);
        using var run = store.Open(new RunId(Guid.ParseExact(RunId, "N")));
        var step = run.Log.ReadRecords().Last(record => record.Horizon is not null).Horizon.Step;
        var many = Enumerable.Repeat(new RunLogRecord { Horizon = new Horizon { Step = step } }, RunLog.MinCompactionLength / 4);
        run.Log.Append([.. many]);
        run.Log.Append([new RunLogRecord { Horizon = new Horizon { Step = step } }]);
        Assert.InRange(run.Log.Length, RunLog.MinCompactionLength, long.MaxValue);
    }

    private static List<int> FindBoundaries(string path)
    {
        var bytes = File.ReadAllBytes(path);
        Assert.InRange(bytes.Length, 1, RunLog.MinCompactionLength);
        var boundaries = new List<int> { LogPreamble.Length };
        while (boundaries[^1] < bytes.Length)
        {
            var marker = LogIdentity.Read(bytes.AsSpan(LogPreamble.Length - LogIdentity.Length)).Marker;
            Assert.True(AppendHeader.TryRead(bytes.AsSpan(boundaries[^1]), marker, out var header, out _));
            boundaries.Add(boundaries[^1] + AppendHeader.Length + header.PayloadLength);
        }

        Assert.Equal(bytes.Length, boundaries[^1]);
        return boundaries;
    }
}
