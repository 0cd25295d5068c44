using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Client;

/// <summary>What the product makes, it takes: fields and histories of every documented size, with default settings.</summary>
public sealed class FieldUploadTests
{
    // A 724 x 724 field of doubles is the largest square one below 4 MiB; with what is around it a message of it is just above at 725.
    public static TheoryData<int> Sizes => [363, 723, 724, 725, 728, 1024];

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task AnyCall_FieldsOfAnySize_GiveWhatOneMessageGives(int size)
    {
        await using var server = await TestServer.StartAsync();
        await using var roomy = await TestServer.StartAsync("Limits:MaxRequestBytes=67108864");
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var field = Field(size, seed: 1);
        var features = new ExtractFeaturesRequest { Frames = { field } };
        var boxes = new ComputeBoxCountingDimensionRequest { Field = field, ThresholdMillivolts = -70, ScaleCount = 7 };
        var stability = new ComputeHistoryStabilityRequest { Frames = { field, Field(size, seed: 2) }, TimeStep = 0.5 };

        Assert.Equal(await roomy.Features.ExtractFeaturesAsync(features), await client.ExtractFeaturesAsync(features));
        Assert.Equal(await roomy.Fractals.ComputeBoxCountingDimensionAsync(boxes), await client.ComputeBoxCountingDimensionAsync(boxes));
        Assert.Equal(await roomy.Fractals.ComputeHistoryStabilityAsync(stability), await client.ComputeHistoryStabilityAsync(stability));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task AnyRun_FieldsOfAnySize_GiveWhatOneMessageGives(int size)
    {
        await using var server = await TestServer.StartAsync();
        await using var roomy = await TestServer.StartAsync("Limits:MaxRequestBytes=67108864");
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var field = Field(size, seed: 1);
        var create = new CreateRunRequest
        {
            Spec = new SimulationSpec { GridSize = size },
            Paused = true,
            InitialFields = new InitialFields { Potential = field, Activator = Concentrations(size, 0.25), Inhibitor = Concentrations(size, 0.5) },
        };
        var created = await client.Runs.CreateAsync(create);
        Assert.Equal((await roomy.Runs.CreateRunAsync(create)).Run.Identity, created.Identity);
        Assert.Equal(field.Values, (await PotentialAsync(client, created.RunId)).Values);

        using var steering = client.Runs.Steer(created.RunId);
        var replaced = Field(size, seed: 3);
        var outcome = await steering.SendAsync(new RunCommand { CommandId = "large", ReplacePotential = replaced });
        var again = await steering.SendAsync(new RunCommand { CommandId = "large", ReplacePotential = replaced });
        var step = await steering.SendAsync(new RunCommand { TakeSteps = new TakeSteps { Steps = 1 } });
        Assert.Equal((1, false, true), (outcome.Applied.Revision, outcome.Applied.AlreadyApplied, again.Applied.AlreadyApplied));
        Assert.Equal(SteerRunResponse.OutcomeOneofCase.Applied, step.OutcomeCase);
    }

    [Theory]
    [InlineData(130, 64)]
    [InlineData(10_000, 16)]
    public async Task Stability_LongHistory_IsStreamed(int count, int size)
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        Field[] frames = [Field(size, seed: 1), Field(size, seed: 2)];

        // Two frames in turn: each change is as large as the first.
        var expected = await client.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityRequest { Frames = { frames } });
        var stability = await client.ComputeHistoryStabilityAsync(
            new ComputeHistoryStabilityRequest { Frames = { Enumerable.Range(0, count).Select(i => frames[i % 2]) } });
        var features = await client.ExtractFeaturesAsync(new ExtractFeaturesRequest { Frames = { Enumerable.Range(0, count).Select(i => frames[i % 2]) } });

        Assert.Equal(expected.MeanChangeVolts, stability.MeanChangeVolts, 1e-15);
        Assert.Equal(expected.MaxChangeVolts, stability.MaxChangeVolts);
        Assert.Equal(18, features.Features.Values.Count);
    }

    [Fact]
    public async Task Stability_FramesThatThrow_EndTheCallWithTheirError()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });

        await Assert.ThrowsAsync<InvalidDataException>(
            () => client.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityStreamStart(), Frames()).Within());

        static IEnumerable<Field> Frames()
        {
            yield return Field(8, seed: 1);
            throw new InvalidDataException();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(63)]
    [InlineData(4096)]
    public async Task AnyCall_PartsThatEndAnywhere_GiveTheSame(int partLength)
    {
        await using var server = await TestServer.StartAsync();
        foreach (var cells in new[] { Field(8, seed: 1), Singles(8) })
        {
            var parts = Parts(cells.Values, partLength);

            using var stability = server.Fractals.ComputeHistoryStabilityStream();
            await stability.RequestStream.WriteAsync(new ComputeHistoryStabilityStreamRequest { Start = new ComputeHistoryStabilityStreamStart() });
            await stability.RequestStream.WriteAsync(new ComputeHistoryStabilityStreamRequest { Frame = cells.WithValues(ByteString.Empty) });
            foreach (var part in parts)
            {
                await stability.RequestStream.WriteAsync(new ComputeHistoryStabilityStreamRequest { Values = part });
            }

            // The second frame comes whole.
            await stability.RequestStream.WriteAsync(new ComputeHistoryStabilityStreamRequest { Frame = cells });
            await stability.RequestStream.CompleteAsync();
            Assert.Equal(
                await server.Fractals.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityRequest { Frames = { cells, cells } }),
                (await stability).Stability);

            using var create = server.Runs.CreateRunStream();
            var whole = new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true, InitialFields = new InitialFields { Potential = cells, Inhibitor = Concentrations(8, 0.5) } };
            var start = whole.Clone();
            start.InitialFields.Potential.Values = cells.Values.Memory[..3].ToByteString();
            start.InitialFields.Inhibitor.Values = ByteString.Empty;
            await create.RequestStream.WriteAsync(new CreateRunStreamRequest { Start = start });
            foreach (var part in Parts(ByteString.CopyFrom([.. cells.Values.Skip(3), .. whole.InitialFields.Inhibitor.Values]), partLength))
            {
                await create.RequestStream.WriteAsync(new CreateRunStreamRequest { Values = part });
            }

            await create.RequestStream.CompleteAsync();
            Assert.Equal((await server.Runs.CreateRunAsync(whole)).Run.Identity, (await create).Run.Identity);
        }
    }

    [Fact]
    public async Task Stream_WrongOrder_IsRefusedWithTheReason()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxGridSize=64", "Limits:MaxFrames=2");
        var field = Field(8, seed: 1);
        var shape = field.WithValues(ByteString.Empty);
        var start = new ComputeHistoryStabilityStreamRequest { Start = new ComputeHistoryStabilityStreamStart() };
        var bad = field.WithValues(ByteString.CopyFrom([.. field.Values.Take(496), .. BitConverter.GetBytes(double.NaN), .. field.Values.Skip(504)]));

        await RefusedAsync("start must be in the first message.", Frame(field));
        await RefusedAsync("start.time_step must be between 1E-100 and 1E+100, but was 0.", new ComputeHistoryStabilityStreamRequest { Start = new ComputeHistoryStabilityStreamStart { TimeStep = 0 } });
        await RefusedAsync("frame must be in at least one message.", start);
        await RefusedAsync("frame[0] must be set, in every message after the first.", start, start);
        await RefusedAsync("values must follow a frame whose values are not complete.", start, Values(field.Values));
        await RefusedAsync("frame[0].values must have 512 bytes for 8 x 8 cells of 8 bytes, but had 0.", start, Frame(shape));
        await RefusedAsync("frame[0].values must have 512 bytes for 8 x 8 cells of 8 bytes, but had 511.", start, Frame(shape), Values(field.Values.Memory[..511].ToByteString()), Frame(field));
        await RefusedAsync("frame[0].values must have 512 bytes for 8 x 8 cells of 8 bytes, but had 1024.", start, Frame(shape), Values(ByteString.CopyFrom([.. field.Values, .. field.Values])));
        await RefusedAsync("frame[1] must be 8 x 8 like the first frame, but was 4 x 4.", start, Frame(field), Frame(Field(4, seed: 1)));
        await RefusedAsync("frame must be in at most 2 messages; send a longer history in parts, or every n-th frame of it.", start, Frame(field), Frame(field), Frame(field));
        await RefusedAsync("frame[0].values must be between -1000 and 1000 V, but the cell in row 7, column 6 was NaN.", start, Frame(shape), Values(bad.Values));

        // Before any of its values come.
        await RefusedAsync("frame[0].rows must be between 1 and 64, but was 65.", start, Frame(new Field { Rows = 65, Columns = 8, Encoding = FieldEncoding.Float64 }));

        async Task RefusedAsync(string reason, params ComputeHistoryStabilityStreamRequest[] messages)
        {
            using var call = server.Fractals.ComputeHistoryStabilityStream();
            foreach (var message in messages)
            {
                try
                {
                    await call.RequestStream.WriteAsync(message);
                }
                catch (Exception error) when (error is RpcException or InvalidOperationException)
                {
                    break;
                }
            }

            await ((Task)call.RequestStream.CompleteAsync()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
            Assert.Equal((StatusCode.InvalidArgument, reason), (refused.StatusCode, refused.Status.Detail));
        }

        ComputeHistoryStabilityStreamRequest Frame(Field frame) => new() { Frame = frame };
        ComputeHistoryStabilityStreamRequest Values(ByteString values) => new() { Values = values };
    }

    [Fact]
    public async Task CreateRunStream_WhatCannotBe_IsRefusedBeforeItComes()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=1");
        var shape = Field(8, seed: 1).WithValues(ByteString.Empty);

        await RefusedAsync(StatusCode.InvalidArgument, "start must be the first message.", new CreateRunStreamRequest { Values = ByteString.CopyFrom(1) });
        await RefusedAsync(StatusCode.InvalidArgument, "initial_fields.potential must be 16 x 16, but was 8 x 8.", Start(16, shape));
        await RefusedAsync(StatusCode.InvalidArgument, "initial_fields.potential.values must have 512 bytes for 8 x 8 cells of 8 bytes, but had 0.", Start(8, shape));
        await RefusedAsync(
            StatusCode.InvalidArgument,
            "values must not bring more than the fields of the first message need.",
            Start(8, Field(8, seed: 1)),
            new CreateRunStreamRequest { Values = ByteString.CopyFrom(1) });

        // An upload has no place: it keeps nobody from computing.
        using (var first = server.Runs.CreateRunStream())
        {
            await first.RequestStream.WriteAsync(Start(8, shape));
            while (server.Places.UploadCount == 0)
            {
                await Task.Yield();
            }

            await server.Simulation.SimulateAsync(new SimulateRequest());
        }

        CreateRunStreamRequest Start(int gridSize, Field potential) => new()
        {
            Start = new CreateRunRequest { Spec = new SimulationSpec { GridSize = gridSize }, InitialFields = new InitialFields { Potential = potential } },
        };

        async Task RefusedAsync(StatusCode statusCode, string reason, params CreateRunStreamRequest[] messages)
        {
            using var call = server.Runs.CreateRunStream();
            foreach (var message in messages)
            {
                await ((Task)call.RequestStream.WriteAsync(message)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await ((Task)call.RequestStream.CompleteAsync()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
            Assert.Equal((statusCode, reason), (refused.StatusCode, refused.Status.Detail));
        }
    }

    [Fact]
    public async Task Steer_PotentialInParts_IsAnsweredOnce()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        var field = Field(8, seed: 1);
        using var call = server.Runs.SteerRun();

        // Refused for its shape: what was already under way is skipped.
        await call.RequestStream.WriteAsync(Begin("a", Field(4, seed: 1).WithValues(ByteString.Empty)));
        await call.RequestStream.WriteAsync(new SteerRunRequest { Values = Field(4, seed: 1).Values });
        Assert.Equal("command.replace_potential must be 8 x 8 like the run, but was 4 x 4.", (await NextAsync("a")).Refused.Message);

        // Refused for too many values, and then complete.
        await call.RequestStream.WriteAsync(Begin("b", field.WithValues(field.Values.Memory[..5].ToByteString())));
        await call.RequestStream.WriteAsync(new SteerRunRequest { Values = field.Values });
        Assert.Equal("command.replace_potential.values must have 512 bytes, but had 517.", (await NextAsync("b")).Refused.Message);
        await call.RequestStream.WriteAsync(Begin("b", field.WithValues(field.Values.Memory[..5].ToByteString())));
        await call.RequestStream.WriteAsync(new SteerRunRequest { Values = field.Values.Memory[5..300].ToByteString() });
        await call.RequestStream.WriteAsync(new SteerRunRequest { Values = field.Values.Memory[300..].ToByteString() });
        Assert.Equal(1, (await NextAsync("b")).Applied.Revision);

        // Without values_follow a short field is refused as ever.
        await call.RequestStream.WriteAsync(new SteerRunRequest { Command = new RunCommand { CommandId = "c", ReplacePotential = field.WithValues(ByteString.Empty) } });
        Assert.Contains("must have 512 bytes for 8 x 8 cells", (await NextAsync("c")).Refused.Message, StringComparison.Ordinal);
        await call.RequestStream.WriteAsync(new SteerRunRequest { Command = new RunCommand { CommandId = "d", Pause = new Pause() }, ValuesFollow = true });
        Assert.Equal("values_follow must only be set beside command.replace_potential or command.replace_species.field.", (await NextAsync("d")).Refused.Message);

        // Another command before the values end ends the stream.
        await call.RequestStream.WriteAsync(Begin("e", field.WithValues(ByteString.Empty)));
        await call.RequestStream.WriteAsync(new SteerRunRequest { Command = new RunCommand { CommandId = "f", Pause = new Pause() } });
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default).Within())).StatusCode);

        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        Assert.Equal(field.Values, (await PotentialAsync(client, run.RunId)).Values);

        SteerRunRequest Begin(string id, Field potential) =>
            new() { RunId = run.RunId, Command = new RunCommand { CommandId = id, ReplacePotential = potential }, ValuesFollow = true };

        async Task<SteerRunResponse> NextAsync(string id)
        {
            Assert.True(await call.ResponseStream.MoveNext(default).Within());
            Assert.Equal(id, call.ResponseStream.Current.CommandId);
            return call.ResponseStream.Current;
        }
    }

    [Fact]
    public async Task Unary_MessageAbove30Megabytes_IsWithinTheLimitThatIsSet()
    {
        // Kestrel's own limit of a body would be 30,000,000 bytes.
        await using var server = await TestServer.StartAsync("Limits:MaxRequestBytes=67108864");
        await using var tight = await TestServer.StartAsync("Limits:MaxRequestBytes=41000000");
        var request = new ExtractFeaturesRequest { Frames = { Enumerable.Range(0, 5).Select(i => Field(1024, seed: i)) } };
        Assert.InRange(request.CalculateSize(), 41_000_001, 50_000_000);

        var response = await server.Features.ExtractFeaturesAsync(request);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await tight.Features.ExtractFeaturesAsync(request));

        Assert.Equal(18, response.Features.Values.Count);
        Assert.Equal(
            (StatusCode.ResourceExhausted, "The request message exceeds the server's limit of 41000000 bytes."), (refused.StatusCode, refused.Status.Detail));
    }

    private static Field Field(int size, int seed)
    {
        var random = new Random(seed);
        double[] volts = [.. Enumerable.Range(0, size * size).Select(_ => -0.09 + (0.05 * random.NextDouble()))];
        return FieldExtensions.ToField(volts, size, size);
    }

    private static Field Concentrations(int size, double value) => FieldExtensions.ToField(Enumerable.Repeat(value, size * size).ToArray(), size, size);

    private static IEnumerable<ByteString> Parts(ByteString values, int length)
    {
        for (var start = 0; start < values.Length; start += length)
        {
            yield return values.Memory[start..Math.Min(values.Length, start + length)].ToByteString();
        }
    }

    private static Field Singles(int size) => new()
    {
        Rows = size,
        Columns = size,
        Encoding = FieldEncoding.Float32,
        Values = ByteString.CopyFrom([.. Enumerable.Range(0, size * size).SelectMany(i => BitConverter.GetBytes(-0.07f + (i * 0.0001f)))]),
    };

    private static async Task<Field> PotentialAsync(MfnClient client, string runId)
    {
        await foreach (var told in client.Runs.WatchAsync(new WatchRunRequest { RunId = runId, FieldEncoding = FieldEncoding.Float64 }))
        {
            if (told is FrameEvent { Field: { } field })
            {
                return field;
            }
        }

        throw new InvalidOperationException("The run has no frame.");
    }
}
