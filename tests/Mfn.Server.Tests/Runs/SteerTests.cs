using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

public sealed class SteerTests
{
    private static readonly Region AllCells = new() { Rows = 8, Columns = 8 };

    [Fact]
    public async Task Steer_NothingToAnswer_BringsHeartbeatsAndTheirInterval()
    {
        await using var server = await TestServer.StartAsync("Runs:HeartbeatInterval=00:00:00.200");
        var run = await CreatePausedAsync(server);
        using var call = server.Runs.SteerRun();

        // Before anything was asked.
        var headers = await call.ResponseHeadersAsync.Within();
        for (var i = 0; i < 2; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
            Assert.Equal(new SteerRunResponse { Heartbeat = new Heartbeat() }, call.ResponseStream.Current);
        }

        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = "a", Pause = new Pause() } });
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        }
        while (call.ResponseStream.Current.OutcomeCase == SteerRunResponse.OutcomeOneofCase.Heartbeat);

        Assert.Equal("200", headers.GetValue("mfn-heartbeat-milliseconds"));
        Assert.Equal("a", call.ResponseStream.Current.CommandId);
    }

    [Fact]
    public async Task Watch_AnyRun_TellsTheHeartbeatsInterval()
    {
        await using var server = await TestServer.StartAsync("Runs:HeartbeatInterval=00:02:00");
        var run = await CreatePausedAsync(server);
        using var call = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId });

        Assert.Equal("120000", (await call.ResponseHeadersAsync.Within()).GetValue("mfn-heartbeat-milliseconds"));
    }

    [Fact]
    public async Task Steer_CommandSentTwice_IsAppliedOnceAndAnsweredAlike()
    {
        await using var server = await TestServer.StartAsync();
        var run = await CreatePausedAsync(server);
        var command = new RunCommand { CommandId = "a", AddPotential = new AddPotential { Region = AllCells, Millivolts = 5 } };

        var outcomes = await SteerAsync(server, run.RunId, command, command);
        var again = await SteerAsync(server, run.RunId, command);

        Assert.Equal([false, true, true], outcomes.Concat(again).Select(outcome => outcome.Applied.AlreadyApplied));
        Assert.All(outcomes.Concat(again), outcome => Assert.Equal((0, 1), (outcome.Applied.Step, outcome.Applied.Revision)));
        var watcher = new NaiveWatcher(server, run.RunId);
        await watcher.WatchAsync(new WatchRunRequest { FromStep = 0, FieldEncoding = FieldEncoding.Float64 }, _ => watcher.Frames.Count == 2);
        Assert.Equal(watcher.Frames[0].Volts.Select(cell => cell + 0.005), watcher.Frames[1].Volts);
    }

    [Fact]
    public async Task Steer_EditOfAPausedRun_IsSeenAtOnceByWhoWatches()
    {
        await using var server = await TestServer.StartAsync();
        var run = await CreatePausedAsync(server);
        var watcher = new NaiveWatcher(server, run.RunId);
        using var call = watcher.Open(new WatchRunRequest { FieldEncoding = FieldEncoding.Float64, EveryNSteps = 1000 });
        await watcher.ReadAsync(call, _ => true);

        await SteerAsync(
            server, run.RunId, new RunCommand { CommandId = "a", AddPotential = new AddPotential { Region = new Region { Row = 7, Column = 7, Rows = 1, Columns = 1 }, Millivolts = -1 } });
        await watcher.ReadAsync(call, _ => true);

        Assert.Equal([(0, 0), (0, 1)], watcher.Frames.Select(frame => (frame.Step, frame.Revision)));
        Assert.Equal(watcher.Frames[0].Volts[..^1], watcher.Frames[1].Volts[..^1]);
        Assert.Equal(watcher.Frames[0].Volts[^1] - 0.001, watcher.Frames[1].Volts[^1]);
    }

    [Fact]
    public async Task Steer_SetPace_IsTheRunsPaceAndThatOfItsForks()
    {
        await using var server = await TestServer.StartAsync();
        var run = await CreatePausedAsync(server);
        Assert.Equal(0, run.StepsPerSecond);

        var outcomes = await SteerAsync(server, run.RunId, new RunCommand { CommandId = "a", SetPace = new SetPace { StepsPerSecond = 0.5 } });
        Assert.Equal((0, 0), (outcomes.Single().Applied.Step, outcomes.Single().Applied.Revision));
        Assert.Equal(0.5, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.StepsPerSecond);
        Assert.Equal(0.5, (await server.Runs.ForkRunAsync(new ForkRunRequest { RunId = run.RunId, Paused = true })).Run.StepsPerSecond);

        await SteerAsync(server, run.RunId, new RunCommand { CommandId = "b", SetPace = new SetPace() });
        Assert.Equal(0, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.StepsPerSecond);

        var refused = await SteerAsync(server, run.RunId, new RunCommand { CommandId = "c", SetPace = new SetPace { StepsPerSecond = 0 } });
        Assert.Contains("command.set_pace.steps_per_second", refused.Single().Refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steer_SetPaceOfARunThatWaits_LetsItGoOnAtOnce()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 5 }, StepsPerSecond = 0.001 })).Run;
        var watcher = new NaiveWatcher(server, run.RunId);
        using var call = watcher.Open(new WatchRunRequest());
        await watcher.ReadAsync(call, _ => true);

        await SteerAsync(server, run.RunId, new RunCommand { CommandId = "a", SetPace = new SetPace() });
        await watcher.ReadAsync(call, _ => watcher.Frames[^1].Step == 5);

        Assert.Equal([0, 1, 2, 3, 4, 5], watcher.Frames.Select(frame => frame.Step));
    }

    [Fact]
    public async Task Steer_WhatIsWrong_IsRefusedAndTheStreamGoesOn()
    {
        await using var server = await TestServer.StartAsync("Runs:MaxCommandsPerRun=2");
        var run = await CreatePausedAsync(server);
        var nan = new Field { Rows = 8, Columns = 8, Encoding = FieldEncoding.Float32, Values = ByteString.CopyFrom([.. Enumerable.Repeat(BitConverter.GetBytes(float.NaN), 64).SelectMany(cell => cell)]) };

        var outcomes = await SteerAsync(
            server,
            run.RunId,
            new RunCommand { CommandId = "", Pause = new Pause() },
            new RunCommand { CommandId = "1" },
            new RunCommand { CommandId = "2", AddPotential = new AddPotential { Region = new Region { Row = 7, Column = 8, Rows = 2, Columns = 1 }, Millivolts = double.NaN } },
            new RunCommand { CommandId = "3", ReplacePotential = nan },
            new RunCommand { CommandId = "4", ChangeParameters = new ChangeParameters { Alpha = 0.25, ActivatorRate = 0.01, JitterVarianceVoltsSquared = 0.001 } },
            new RunCommand { CommandId = "5", ChangeParameters = new ChangeParameters() },
            new RunCommand { CommandId = "6", TakeSteps = new TakeSteps() },
            new RunCommand { CommandId = "7", Pause = new Pause() },
            new RunCommand { CommandId = "7", Resume = new Resume() },
            new RunCommand { CommandId = "8", Pause = new Pause() },
            new RunCommand { CommandId = "9", Resume = new Resume() });

        Assert.Equal(
            [
                (StatusCode.InvalidArgument, "command.command_id must have 1 to 64 bytes, but was ''."),
                (StatusCode.InvalidArgument, "command must have an action."),
                (StatusCode.InvalidArgument, "command.add_potential.millivolts must be between -1000 and 1000, but was NaN. command.add_potential.region.rows must be 1, but was 2. command.add_potential.region.column must be between 0 and 7, but was 8."),
                (StatusCode.InvalidArgument, "command.replace_potential.values must be between -1000 and 1000 V, but the cell in row 0, column 0 was NaN."),
                (StatusCode.InvalidArgument, "command.change_parameters.alpha must be at least 0 and below 0.25, but was 0.25. command.change_parameters.jitter_variance_volts_squared must not be set for a run without jitter. command.change_parameters.activator_rate must not be set unless the run's variant is SIMULATION_VARIANT_ENGINE."),
                (StatusCode.InvalidArgument, "command.change_parameters must set at least one parameter."),
                (StatusCode.InvalidArgument, "command.take_steps.steps must be between 1 and 1000000, but was 0."),
                (StatusCode.OK, ""),
                (StatusCode.AlreadyExists, "The run has had another command with the id '7'. Give each command an id of its own."),
                (StatusCode.OK, ""),
                (StatusCode.ResourceExhausted, "The run has had 2 commands, the most that the server allows. Fork it to go on."),
            ],
            outcomes.Select(outcome => ((StatusCode)(outcome.Refused?.Code ?? 0), outcome.Refused?.Message ?? "")));
        Assert.Equal(2, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.Revision + 2);
    }

    [Fact]
    public async Task Steer_CommandsOverTheBytesOfARun_AreRefusedWithTheNumbersAndTheRunGoesOn()
    {
        const int Limit = 65536;
        await using var server = await TestServer.StartAsync($"Runs:MaxCommandBytesPerRun={Limit}");
        var spec = new SimulationSpec { GridSize = 64, Seed = 1, SpikeProbability = 0.5, TuringEnabled = true };
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = spec, Stop = new StopCondition { AfterStep = 20 }, Paused = true })).Run;
        var first = Replace("first", 64, -0.07);
        var second = Replace("second", 64, -0.06);
        var small = new RunCommand { CommandId = "small", AddPotential = new AddPotential { Region = AllCells, Millivolts = 5 } };
        var length = first.CalculateSize() + second.CalculateSize();
        Assert.InRange(length, Limit + 1, int.MaxValue);

        var outcomes = await SteerAsync(
            server, run.RunId, first, second, second, small, first, new RunCommand { CommandId = "go", Resume = new Resume() });
        var fields = await FieldsAsync(server, run.RunId, fromStep: 0);

        var refusal = $"With this command the run's commands would have {length} bytes, but the server allows {Limit}. Fork it to go on.";
        Assert.Equal(["0, 1", refusal, refusal, "0, 2", "0, 1, again", "0, 2"], outcomes.Select(Describe));
        Assert.All([outcomes[1], outcomes[2]], outcome => Assert.Equal((int)StatusCode.ResourceExhausted, outcome.Refused.Code));
        using var expected = new NaiveRun(RandomSpec.ToCore(spec), [(first, outcomes[0].Applied), (small, outcomes[3].Applied)]);
        Assert.Equal(expected.StatesTo(20).Select(state => state.Volts), fields);
    }

    [Fact]
    public async Task Steer_RunThatHasStopped_IsRefusedWithFailedPrecondition()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 3 } })).Run;
        var watcher = new NaiveWatcher(server, run.RunId);
        await watcher.WatchAsync(new WatchRunRequest { BacklogFrames = 100 });

        var outcome = Assert.Single(await SteerAsync(server, run.RunId, new RunCommand { CommandId = "1", Resume = new Resume() }));

        Assert.Equal(
            ((int)StatusCode.FailedPrecondition, "The run has stopped after step 3 and takes no commands any more. Fork it to go on."),
            (outcome.Refused.Code, outcome.Refused.Message));
    }

    [Fact]
    public async Task Fork_WithoutChanges_EvolvesAsItsParentFromAnyStep()
    {
        await using var server = await TestServer.StartAsync();
        var create = new CreateRunRequest
        {
            Spec = new SimulationSpec { GridSize = 8, JitterEnabled = true },
            Stop = new StopCondition { AfterStep = 30 },
        };
        var parent = (await server.Runs.CreateRunAsync(create)).Run;
        var whole = await FieldsAsync(server, parent.RunId, fromStep: 0);

        for (var step = 0; step < 30; step++)
        {
            var fork = (await server.Runs.ForkRunAsync(new ForkRunRequest { RunId = parent.RunId, Step = step })).Run;
            var exported = new List<byte>();
            using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = parent.RunId, Step = step });
            await foreach (var part in export.ResponseStream.ReadAllAsync())
            {
                exported.AddRange(part.Chunk);
            }

            var import = await ImportAsync(server, [.. exported], new ImportRunStart { Stop = new StopCondition { AfterStep = 30 } });

            Assert.Equal(whole[step..], await FieldsAsync(server, fork.RunId, step));
            Assert.Equal(whole[step..], await FieldsAsync(server, import.RunId, step));
            Assert.Equal(parent.Identity, fork.Identity);
            Assert.Equal(parent.Identity, import.Identity);
            await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = fork.RunId });
            await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = import.RunId });
        }
    }

    [Fact]
    public async Task Fork_WithChanges_IsTheRunThatHadThemFromThere()
    {
        await using var server = await TestServer.StartAsync();
        var parent = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 30 } })).Run;
        await FieldsAsync(server, parent.RunId, 0);
        var changes = new ChangeParameters { Alpha = 0.05 };
        var steered = await CreatePausedAsync(server);
        await SteerAsync(
            server,
            steered.RunId,
            new RunCommand { CommandId = "a", ChangeParameters = changes },
            new RunCommand { CommandId = "b", Resume = new Resume() });

        var fork = (await server.Runs.ForkRunAsync(new ForkRunRequest { RunId = parent.RunId, Step = 0, Changes = changes })).Run;

        var fields = await FieldsAsync(server, fork.RunId, 0);
        Assert.Equal(fields, await FieldsAsync(server, steered.RunId, 0));
        Assert.NotEqual(fields, await FieldsAsync(server, parent.RunId, 0));
        Assert.Equal(fork.Identity, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = steered.RunId })).Run.Identity);
    }

    [Theory]
    [InlineData(0, "they do not begin like one")]
    [InlineData(500, "checksum")]
    public async Task Import_DamagedCheckpoint_IsRefusedWithTheReason(int position, string reason)
    {
        await using var server = await TestServer.StartAsync();
        var run = await CreatePausedAsync(server);
        using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = run.RunId });
        var bytes = (await export.ResponseStream.ReadAllAsync().ToListAsync()).SelectMany(part => part.Chunk).ToArray();
        bytes[position] ^= 1;

        var error = await Assert.ThrowsAsync<RpcException>(() => ImportAsync(server, bytes, new ImportRunStart()));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.StartsWith("chunk must bring a checkpoint that this server can use: ", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(reason, error.Status.Detail, StringComparison.OrdinalIgnoreCase);
    }

    private static string Describe(SteerRunResponse outcome) => outcome.Refused?.Message
        ?? $"{outcome.Applied.Step}, {outcome.Applied.Revision}{(outcome.Applied.AlreadyApplied ? ", again" : "")}";

    private static RunCommand Replace(string id, int gridSize, double volts) => new()
    {
        CommandId = id,
        ReplacePotential = new Field
        {
            Rows = gridSize,
            Columns = gridSize,
            Encoding = FieldEncoding.Float64,
            Values = ByteString.CopyFrom([.. Enumerable.Repeat(BitConverter.GetBytes(volts), gridSize * gridSize).SelectMany(cell => cell)]),
        },
    };

    private static async Task<Run> CreatePausedAsync(TestServer server) => (await server.Runs.CreateRunAsync(new CreateRunRequest
    {
        Spec = new SimulationSpec { GridSize = 8 },
        Stop = new StopCondition { AfterStep = 30 },
        Paused = true,
    })).Run;

    private static async Task<List<double[]>> FieldsAsync(TestServer server, string runId, long fromStep)
    {
        var watcher = new NaiveWatcher(server, runId);
        await watcher.WatchAsync(new WatchRunRequest { FromStep = fromStep, FieldEncoding = FieldEncoding.Float64, BacklogFrames = 100 });
        return [.. watcher.Frames.Select(frame => frame.Volts)];
    }

    private static async Task<Run> ImportAsync(TestServer server, byte[] bytes, ImportRunStart start)
    {
        using var call = server.Runs.ImportRun();

        // The server may end the call while it is being written to; why, the response says.
        _ = await Record.ExceptionAsync(async () =>
        {
            await call.RequestStream.WriteAsync(new ImportRunRequest { Start = start });
            foreach (var chunk in bytes.Chunk(1000))
            {
                await call.RequestStream.WriteAsync(new ImportRunRequest { Chunk = ByteString.CopyFrom(chunk) });
            }

            await call.RequestStream.CompleteAsync();
        });
        return (await call.ResponseAsync.Within()).Run;
    }

    private static async Task<List<SteerRunResponse>> SteerAsync(TestServer server, string runId, params RunCommand[] commands)
    {
        using var call = server.Runs.SteerRun();
        var outcomes = new List<SteerRunResponse>();
        foreach (var command in commands)
        {
            await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = runId, Command = command });
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
            outcomes.Add(call.ResponseStream.Current);
        }

        await call.RequestStream.CompleteAsync();
        return outcomes;
    }
}
