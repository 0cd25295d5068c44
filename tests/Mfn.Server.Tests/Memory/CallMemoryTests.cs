using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Memory;
using Mfn.Server.Tests.Aggregation;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Memory;

/// <summary>What a call takes is counted while it is there, and for no longer, however the call ends.</summary>
public sealed class CallMemoryTests
{
    private const string Simulate = "/mfn.v1.SimulationService/Simulate";
    private const string BoxCounting = "/mfn.v1.FractalService/ComputeBoxCountingDimension";

    private static readonly SimulateRequest WithField = new() { Spec = new SimulationSpec { GridSize = 512, Steps = 1 }, FieldEncoding = FieldEncoding.Float64 };

    [Fact]
    public async Task UnaryAnswer_ThatTheClientDoesNotTake_IsAbortedAfterTheWriteTimeout()
    {
        await using var server = await TestServer.StartAsync("Streaming:WriteTimeout=00:00:01", "Streaming:MinBytesPerSecond=1073741824");
        using var call = SilentCall.Send(server, Simulate, staysOpen: false, WithField);
        var response = await call.Response.Within();
        await Patience.UntilAsync(() => server.Memory.TakenFor(MemoryUse.Answers) == 0);

        // What had come before is there, and then the end of the stream instead of the status.
        await Assert.ThrowsAsync<HttpRequestException>(() => response.Content.CopyToAsync(Stream.Null).Within());
        await UntilNothingIsHeldAsync(server);
    }

    [Fact]
    public async Task UnaryAnswer_WhileTheClientTakesIt_IsCounted()
    {
        await using var server = await TestServer.StartAsync();
        using var call = SilentCall.Send(server, Simulate, staysOpen: false, WithField);
        await call.Response.Within();

        Assert.InRange(server.Memory.TakenFor(MemoryUse.Answers), 512 * 512 * 8, (512 * 512 * 8) + 1000);
        Assert.Equal("0", (await call.ReadStatusAsync().Within()).Status);
        await UntilNothingIsHeldAsync(server);
    }

    [Fact]
    public async Task UnaryAnswers_BeyondTheShareOfAConnection_AreRefusedWithTheLimit()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxMemoryBytes=67108864", "Limits:MaxConnectionShare=0.05");
        var error = await Assert.ThrowsAsync<RpcException>(() => server.Simulation.SimulateAsync(
            new SimulateRequest { Spec = new SimulationSpec { GridSize = 700, Steps = 1 }, FieldEncoding = FieldEncoding.Float64 }).ResponseAsync.Within());

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Contains("that the server allows for one connection (Limits:MaxConnectionShare)", error.Status.Detail, StringComparison.Ordinal);
        await UntilNothingIsHeldAsync(server);
    }

    [Fact]
    public async Task RequestMessage_OfWhichTheRestDoesNotCome_IsCountedAndRefusedAfterTheGracePeriod()
    {
        await using var server = await TestServer.StartAsync("Streaming:UploadGracePeriod=00:00:01");
        var whole = SilentCall.Frame(BigRequest(3_000_000));
        using var call = SilentCall.Send(server, BoxCounting, staysOpen: true, whole[..2_000_000]);
        await Patience.UntilAsync(() => server.Memory.TakenFor(MemoryUse.Requests) >= 6_000_000);

        var (status, message) = await call.ReadStatusAsync().Within();
        Assert.Equal(
            ("8", "The client's upload came more slowly than 32768 bytes a second for more than 00:00:01, while it held memory (Streaming:MinBytesPerSecond)."),
            (status, message));
        await UntilNothingIsHeldAsync(server);
    }

    [Fact]
    public async Task RequestMessages_BeyondTheLimit_AreRefusedBeforeTheyAreComplete()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxMemoryBytes=67108864", "Limits:MaxRequestBytes=67108864", "Limits:MaxConnectionShare=1");
        using var held = SilentCall.Send(server, BoxCounting, staysOpen: true, SilentCall.Frame(BigRequest(15_000_000))[..12_000_000]);
        await Patience.UntilAsync(() => server.Memory.TakenFor(MemoryUse.Requests) >= 36_000_000);
        using var second = SilentCall.Send(server, BoxCounting, staysOpen: true, SilentCall.Frame(BigRequest(15_000_000))[..14_000_000]);

        var (status, message) = await second.ReadStatusAsync().Within();
        Assert.Equal("8", status);
        Assert.Matches(@"^\d+ more bytes for requests would exceed the \d+ that the server allows for (large|small) pieces of calls \(Limits:MaxMemoryBytes\), of which \d+ are taken\.$", message);
    }

    [Fact]
    public async Task Simulate_BacklogsHaveAllThatTheyMay_IsServed()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxMemoryBytes=67108864");
        var lent = new List<IDisposable>();
        while (server.RunServices.BacklogMemory.TryRent(1 << 20) is { } buffer)
        {
            lent.Add(buffer);
        }

        Assert.Equal(32, lent.Count);
        await server.Simulation.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 512, Steps = 1 }, FieldEncoding = FieldEncoding.Float64 }).ResponseAsync.Within();
        lent.ForEach(buffer => buffer.Dispose());
        await UntilNothingIsHeldAsync(server);
    }

    [Fact]
    public async Task StatesOfHistory_TheirComputationTakesMoreThanTheShareOfAConnection_AreRefused()
    {
        // A state of 512 x 512 cells is 2 MiB, what computes it 4 and a frame 2.
        await using var server = await TestServer.StartAsync("Limits:MaxMemoryBytes=134217728", "Limits:MaxConnectionShare=0.05");
        var create = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 512, Steps = 10 }, HistorySteps = 100 };
        var run = (await server.Runs.CreateRunAsync(create)).Run;
        using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId });
        await watch.ResponseStream.ReadAllAsync().LastAsync().AsTask().Within();

        Assert.Equal(10, (await server.Runs.ForkRunAsync(new ForkRunRequest { RunId = run.RunId, Paused = true, HistorySteps = 0, Stop = new StopCondition { Never = true } })).Run.Step);
        await AssertRefusedAsync(async () => await server.Runs.ForkRunAsync(new ForkRunRequest { RunId = run.RunId, Step = 5, HistorySteps = 0, Stop = new StopCondition { Never = true } }));
        await AssertRefusedAsync(async () =>
        {
            using var replayed = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId, FromStep = 5 });
            await replayed.ResponseStream.ReadAllAsync().LastAsync();
        });

        static async Task AssertRefusedAsync(Func<Task> call)
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => call().Within());
            Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
            Assert.Contains("bytes for runs", error.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Calls_EndedAnyhow_LeaveNothingCounted()
    {
        await using var server = await TestServer.StartAsync();
        var random = new Random(7);
        var field = SilentCall.Frame(BigRequest(400_000));
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 32 } })).Run;
        var atRest = server.Memory.TakenFor(MemoryUse.Runs) + server.Memory.TakenFor(MemoryUse.History);
        await Parallel.ForEachAsync(Enumerable.Range(0, 300).Select(i => (i, random.Next(field.Length))), async (each, _) =>
        {
            var (i, length) = each;
            using var call = Begin(server, i % 6, run.RunId, field, length);

            // Some have begun, some are at their end, some did not even arrive.
            await Task.WhenAny(call.Response, Rounds.AskSomethingElseAsync(server));
        });

        await Patience.UntilAsync(() => server.Memory.TakenBytes - server.Memory.TakenFor(MemoryUse.Connections) == atRest);
        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId });
        await UntilNothingIsHeldAsync(server);
    }

    [Fact]
    public async Task SteerRun_ThatHoldsNothing_MayBeSilentForLongerThanTheGracePeriod()
    {
        await using var server = await TestServer.StartAsync("Streaming:UploadGracePeriod=00:00:00.100", "Streaming:MinBytesPerSecond=1073741824");
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        using var call = server.Runs.SteerRun();
        for (var i = 0; i < 2; i++)
        {
            await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = $"{i}", TakeSteps = new TakeSteps { Steps = 1 } } });
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
            Assert.NotNull(call.ResponseStream.Current.Applied);
            var start = TimeProvider.System.GetTimestamp();
            await Patience.UntilAsync(() => TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromMilliseconds(300));
        }
    }

    [Fact]
    public async Task StreamFeatures_LargeFrameOfWhichLittleComes_HoldsLittleAndIsEnded()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxGridSize=4096", "Streaming:UploadGracePeriod=00:00:01");
        using var call = server.Features.StreamFeatures();
        await call.RequestStream.WriteAsync(new StreamFeaturesRequest { Start = new() });
        await call.RequestStream.WriteAsync(new StreamFeaturesRequest
        {
            Frame = new Field { Rows = 4096, Columns = 4096, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[8]) },
        });
        await Patience.UntilAsync(() => server.Memory.TakenFor(MemoryUse.Requests) >= 16 * 1024 * 8);
        Assert.InRange(server.Memory.TakenFor(MemoryUse.Requests), 16 * 1024 * 8, 1 << 20);

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        await UntilNothingIsHeldAsync(server);
    }

    [Fact]
    public async Task ImportRun_AsItsBytesCome_IsCounted()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 256 }, Paused = true })).Run;
        using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = run.RunId });
        var chunks = new List<ByteString>();
        while (await export.ResponseStream.MoveNext(CancellationToken.None))
        {
            chunks.Add(export.ResponseStream.Current.Chunk);
        }

        using var call = server.Runs.ImportRun();
        await call.RequestStream.WriteAsync(new ImportRunRequest { Start = new() });
        foreach (var chunk in chunks.SkipLast(1))
        {
            await call.RequestStream.WriteAsync(new ImportRunRequest { Chunk = chunk });
        }

        var length = chunks.SkipLast(1).Sum(chunk => chunk.Length);
        await Patience.UntilAsync(() => server.Memory.TakenFor(MemoryUse.Imports) >= length - 100_000);
        call.Dispose();
        await Patience.UntilAsync(() => server.Memory.TakenFor(MemoryUse.Imports) == 0);
    }

    [Fact]
    public async Task CreateRun_ForWhichThereIsNoMemory_IsRefusedUntilAnotherIsDeleted()
    {
        // 24 MiB of fields for a checkpoint, twice as much and an eighth of it for an engine, and no history.
        await using var server = await TestServer.StartAsync("Limits:MaxMemoryBytes=160000000");
        var request = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 1024 }, HistorySteps = 0, Paused = true };
        var first = (await server.Runs.CreateRunAsync(request)).Run;
        Assert.Equal((24 + 54) * 1024 * 1024, server.Memory.TakenFor(MemoryUse.Runs));

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.CreateRunAsync(request));
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Matches("more bytes for runs would exceed the 100000000 .*, of which 81[0-9]{6} are taken", error.Status.Detail);

        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = first.RunId });
        await server.Runs.CreateRunAsync(request);
    }

    private static ComputeBoxCountingDimensionRequest BigRequest(int byteCount) => new()
    {
        Field = new Field { Rows = byteCount / 8 / 250, Columns = 250, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[byteCount / 8 / 250 * 250 * 8]) },
    };

    private static Task UntilNothingIsHeldAsync(TestServer server) =>
        Patience.UntilAsync(() => server.Memory.TakenBytes == server.Memory.TakenFor(MemoryUse.Connections));

    /// <summary>A call of one of six kinds, which sends a part of what it should.</summary>
    private static SilentCall Begin(TestServer server, int kind, string runId, byte[] field, int length) => kind switch
    {
        0 => SilentCall.Send(server, BoxCounting, staysOpen: true, field[..length]),
        1 => SilentCall.Send(server, BoxCounting, staysOpen: false, field[..length]),
        2 => SilentCall.Send(server, Simulate, staysOpen: false, WithField),
        3 => SilentCall.Send(server, "/mfn.v1.RunService/ImportRun", staysOpen: true, new ImportRunRequest { Start = new() }, new ImportRunRequest { Chunk = ByteString.CopyFrom(new byte[length]) }),
        4 => SilentCall.Send(server, "/mfn.v1.AggregationService/AggregateStream", staysOpen: true, new AggregateStreamRequest { Spec = Rounds.Spec(Rounds.Median, 100_000, 1) }, Rounds.Declare("a", 100_000), Rounds.Chunk("a", new float[length / 4])),
        _ => SilentCall.Send(server, "/mfn.v1.RunService/WatchRun", staysOpen: false, new WatchRunRequest { RunId = runId }),
    };
}
