using System.Collections.Immutable;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Storage;
using Mfn.Server.Tests.Client;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Translation;
using CoreField = Mfn.Core.Fields.Field;
using CoreInitialFields = Mfn.Core.Steering.InitialFields;
using InitialFields = Mfn.Contracts.V1.InitialFields;

namespace Mfn.Server.Tests.Runs;

/// <summary>Fields and checkpoints of runs of kinetics that come in parts, and what is refused of them, by name.</summary>
public sealed class KineticsUploadTests
{
    private const int Rows = 7;
    private const int Columns = 12;
    private const int CellCount = Rows * Columns;
    private const int MaxGridSize = 20;

    private static readonly SimulationSpec Spec = new() { GrayScott = new GrayScott(), Domain = new Domain { Rows = Rows, Columns = Columns } };

    public static TheoryData<FieldEncoding, Precision, int> Parts
    {
        get
        {
            var data = new TheoryData<FieldEncoding, Precision, int>();
            foreach (var precision in new[] { Precision.Binary64, Precision.Binary32 })
            {
                foreach (var partLength in new[] { 1, 7, 333, 4096 })
                {
                    data.Add(FieldEncoding.Float64, precision, partLength);
                    data.Add(FieldEncoding.Float32, precision, partLength);
                }
            }

            return data;
        }
    }

    /// <summary>Parts end within a cell, and one has the end of the first species and the beginning of the second.</summary>
    [Theory, MemberData(nameof(Parts))]
    public async Task CreateRunStream_TwoSpeciesInParts_HasTheBitsOfTheSimulation(FieldEncoding encoding, Precision precision, int partLength)
    {
        await using var server = await TestServer.StartAsync();
        var spec = Spec.Clone();
        spec.Precision = precision;
        var (u, v) = (Field(encoding, seed: 1), Field(encoding, seed: 2));
        var start = new CreateRunRequest
        {
            Spec = spec,
            Paused = true,
            InitialFields = new InitialFields { Species = { u.WithValues(u.Values.Memory[..5].ToByteString()), v.WithValues(ByteString.Empty) } },
        };

        using var call = server.Runs.CreateRunStream();
        await call.RequestStream.WriteAsync(new CreateRunStreamRequest { Start = start });
        foreach (var part in Cut([.. u.Values.Skip(5), .. v.Values], partLength))
        {
            await call.RequestStream.WriteAsync(new CreateRunStreamRequest { Values = part });
        }

        await call.RequestStream.CompleteAsync();
        var run = (await call.ResponseAsync.Within()).Run;

        using var expected = new SteeredSimulation(ToCore(spec), new CoreInitialFields { Species = [ToCore(u), ToCore(v)] });
        Assert.Equal(Encoded(expected.Capture()), await ExportedAsync(server, run.RunId));
        Assert.Equal(expected.Identity, run.Identity);
    }

    [Fact]
    public async Task CreateRun_SpeciesThatAreNone_AreRefusedByNameBeforeTheyCome()
    {
        await using var server = await TestServer.StartAsync($"Limits:MaxGridSize={MaxGridSize}");
        var (u, v) = (Shape(Rows, Columns), Shape(Rows, Columns));
        var reference = new SimulationSpec { GridSize = 4 };

        await RefusedAsync("initial_fields.species must have a field a species, 2 in all, but had 1.", Spec, new InitialFields { Species = { u } });
        await RefusedAsync("initial_fields.species must have a field a species, 2 in all, but had 3.", Spec, new InitialFields { Species = { u, v, v } });
        await RefusedAsync("initial_fields.species[1] must be 7 x 12, but was 12 x 7.", Spec, new InitialFields { Species = { u, Shape(Columns, Rows) } });
        await RefusedAsync(
            "initial_fields.species[0].columns must be between 1 and 20, but was 21. initial_fields.species[1].encoding must be FIELD_ENCODING_FLOAT64 or FIELD_ENCODING_FLOAT32, but was 3.",
            Spec,
            new InitialFields { Species = { Shape(Rows, MaxGridSize + 1), new Field { Rows = Rows, Columns = Columns, Encoding = FieldEncoding.Quantized16 } } });
        await RefusedAsync(
            "initial_fields.potential must not be set for a run of kinetics. initial_fields.activator must not be set for a run of kinetics.",
            Spec,
            new InitialFields { Potential = u, Activator = v });
        await RefusedAsync("initial_fields.species must not be set for a run without kinetics.", reference, new InitialFields { Species = { Shape(4, 4) } });
        await RefusedAsync(
            "initial_fields.activator must not be set for a run without Turing coupling.",
            new SimulationSpec { GridSize = 4, TuringEnabled = false },
            new InitialFields { Activator = Shape(4, 4) });

        // No byte of a value has been sent: the shapes are enough.
        async Task RefusedAsync(string reason, SimulationSpec spec, InitialFields fields)
        {
            using var call = server.Runs.CreateRunStream();
            await call.RequestStream.WriteAsync(new CreateRunStreamRequest { Start = new CreateRunRequest { Spec = spec, InitialFields = fields } });
            var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            Assert.Equal(reason, refused.Status.Detail);
        }
    }

    [Fact]
    public async Task CreateRun_ValuesOfSpeciesThatAreWrong_AreRefusedByName()
    {
        await using var server = await TestServer.StartAsync();
        var (u, v) = (Field(FieldEncoding.Float64, seed: 1), Field(FieldEncoding.Float32, seed: 2));
        var beyond = TestFields.Of(Rows, Columns, (row, column) => row == 5 && column == 11 ? Math.BitIncrement(1e9) : 1e9);
        var tooShort = v.WithValues(v.Values.Memory[..^1].ToByteString());

        await RefusedAsync("initial_fields.species[1].values must have 336 bytes for 7 x 12 cells of 4 bytes, but had 335.", u, tooShort);
        await RefusedAsync(
            "initial_fields.species[0].values must be between -1000000000 and 1000000000, but the cell in row 5, column 11 was 1000000000.0000001.", beyond, v);
        Assert.Equal(CellCount * 8, beyond.Values.Length);

        // All at once in one message.
        var both = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.CreateRunAsync(Request(beyond, tooShort)));
        Assert.Equal(
            "initial_fields.species[0].values must be between -1000000000 and 1000000000, but the cell in row 5, column 11 was 1000000000.0000001. "
                + "initial_fields.species[1].values must have 336 bytes for 7 x 12 cells of 4 bytes, but had 335.",
            both.Status.Detail);

        async Task RefusedAsync(string reason, params Field[] species)
        {
            var whole = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.CreateRunAsync(Request(species)));
            using var call = server.Runs.CreateRunStream();
            await call.RequestStream.WriteAsync(new CreateRunStreamRequest { Start = Request([.. species.Select(field => field.WithValues(ByteString.Empty))]) });
            foreach (var field in species)
            {
                await ((Task)call.RequestStream.WriteAsync(new CreateRunStreamRequest { Values = field.Values })).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await ((Task)call.RequestStream.CompleteAsync()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var parts = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
            Assert.Equal((StatusCode.InvalidArgument, reason), (whole.StatusCode, whole.Status.Detail));
            Assert.Equal((StatusCode.InvalidArgument, reason), (parts.StatusCode, parts.Status.Detail));
        }

        static CreateRunRequest Request(params Field[] species) => new() { Spec = Spec, InitialFields = new InitialFields { Species = { species } } };
    }

    [Theory]
    [InlineData("u", 0, FieldEncoding.Float64)]
    [InlineData("v", 1, FieldEncoding.Float32)]
    [InlineData("1", 1, FieldEncoding.Float64)]
    [InlineData("", 0, FieldEncoding.Float32)]
    public async Task Steer_SpeciesInParts_ReplacesThatOneBetweenTwoSteps(string species, int index, FieldEncoding encoding)
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = Spec, Paused = true })).Run;
        var field = Field(encoding, seed: 3);
        using var call = server.Runs.SteerRun();
        await ApplyAsync(call, new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = "steps", TakeSteps = new TakeSteps { Steps = 3 } } });
        while ((await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.Step < 3)
        {
            await Task.Yield();
        }

        SteerRunRequest[] messages =
        [
            new() { Command = Replace("a", species, field.WithValues(field.Values.Memory[..3].ToByteString())), ValuesFollow = true },
            .. Cut([.. field.Values.Skip(3)], 101).Select(part => new SteerRunRequest { Values = part }),
        ];
        Assert.Equal((3, 1, false), Told(await ApplyAsync(call, messages)));
        Assert.Equal((3, 1, true), Told(await ApplyAsync(call, messages)));

        using var expected = new SteeredSimulation(ToCore(Spec));
        expected.Advance(3);
        expected.Apply(new FieldReplacement([.. ToCore(field).Cells]) { Species = index });
        Assert.Equal(Encoded(expected.Capture()), await ExportedAsync(server, run.RunId));

        static (long Step, long Revision, bool Again) Told(SteerRunResponse response) => (response.Applied.Step, response.Applied.Revision, response.Applied.AlreadyApplied);
    }

    [Fact]
    public async Task Steer_SpeciesThatCannotBeReplaced_IsRefusedByNameBeforeItComes()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = Spec, Paused = true })).Run;
        var reference = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        var shape = Shape(Rows, Columns);

        await RefusedAsync(run, "command.replace_species.species must be 'u', 'v' or a number from 0 to 1, but was 'w'.", Replace("a", "w", shape));
        await RefusedAsync(
            run,
            "command.replace_species.field must be 7 x 12 like the run, but was 12 x 7. command.replace_species.species must be 'u', 'v' or a number from 0 to 1, but was '2'.",
            Replace("b", "2", Shape(Columns, Rows)));
        await RefusedAsync(run, "command.replace_potential must not be sent to a run with kinetics; use replace_species.", new RunCommand { CommandId = "c", ReplacePotential = shape });
        await RefusedAsync(reference, "command.replace_species must not be sent to a run without kinetics; use replace_potential.", Replace("d", "0", Shape(8, 8)));
        await RefusedAsync(run, "command.replace_species.field must be set.", new RunCommand { CommandId = "e", ReplaceSpecies = new ReplaceSpecies { Species = "u" } });
        await RefusedAsync(run, "command.command_id must have 1 to 64 bytes, but was ''.", Replace("", "u", shape));

        // Too many values, and a value that may not be, show when they come.
        using var call = server.Runs.SteerRun();
        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = Replace("f", "v", shape), ValuesFollow = true });
        await call.RequestStream.WriteAsync(new SteerRunRequest { Values = ByteString.CopyFrom(new byte[(CellCount * 8) + 1]) });
        Assert.Equal("command.replace_species.field.values must have 672 bytes, but had 673.", (await NextAsync(call)).Refused.Message);
        var nan = TestFields.Of(Rows, Columns, (row, column) => row == 6 && column == 0 ? double.NaN : 1);
        await call.RequestStream.WriteAsync(new SteerRunRequest { Command = Replace("g", "v", shape), ValuesFollow = true });
        await call.RequestStream.WriteAsync(new SteerRunRequest { Values = nan.Values });
        Assert.Equal(
            "command.replace_species.field.values must be between -1000000000 and 1000000000, but the cell in row 6, column 0 was NaN.",
            (await NextAsync(call)).Refused.Message);
        Assert.Equal(0, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.Revision);

        async Task RefusedAsync(Run steered, string reason, RunCommand command)
        {
            using var steering = server.Runs.SteerRun();
            await steering.RequestStream.WriteAsync(new SteerRunRequest { RunId = steered.RunId, Command = command, ValuesFollow = true });
            Assert.Equal((command.CommandId, reason), ((await NextAsync(steering)).CommandId, steering.ResponseStream.Current.Refused.Message));
        }
    }

    /// <summary>What a server's limits allow is taken exactly, and one more is refused by name.</summary>
    [Theory]
    [InlineData(MaxGridSize, 4, null)]
    [InlineData(4, MaxGridSize, null)]
    [InlineData(MaxGridSize + 1, 4, "chunk must bring a checkpoint that this server can use: The checkpoint cannot be used. RowCount and ColumnCount must be at most 20, but were 21 and 4.")]
    [InlineData(4, MaxGridSize + 1, "chunk must bring a checkpoint that this server can use: The checkpoint cannot be used. RowCount and ColumnCount must be at most 20, but were 4 and 21.")]
    [InlineData(3, 4, "chunk must bring a checkpoint that this server can use: The checkpoint's pattern cannot be used: spec.domain.rows must be between 4 and 4096, but was 3.")]
    [InlineData(4, 3, "chunk must bring a checkpoint that this server can use: The checkpoint's pattern cannot be used: spec.domain.columns must be between 4 and 4096, but was 3.")]
    public async Task Import_ExtentsAtTheLimit_AreTakenAndOneBeyondIsRefused(int rows, int columns, string? reason)
    {
        await using var server = await TestServer.StartAsync($"Limits:MaxGridSize={MaxGridSize}");
        var spec = ToCore(Spec) with { StepCount = 1 };
        using var simulation = new SteeredSimulation(spec with { Pattern = spec.Pattern! with { RowCount = rows, ColumnCount = columns } });
        simulation.Advance(2);

        await AssertImportAsync(server, Encoded(simulation.Capture()), reason);
    }

    /// <summary>Concentrations, such as steering may have made them.</summary>
    [Theory]
    [InlineData(0, 1e9, null)]
    [InlineData(1, -1e9, null)]
    [InlineData(1, 1000000000.0000001, "chunk must bring a v whose cells are between -1000000000 and 1000000000.")]
    [InlineData(0, -1000000000.0000001, "chunk must bring a u whose cells are between -1000000000 and 1000000000.")]
    public async Task Import_ConcentrationAtTheLimit_IsTakenAndTheNextIsRefused(int species, double value, string? reason)
    {
        await using var server = await TestServer.StartAsync();
        using var simulation = new SteeredSimulation(ToCore(Spec));
        var checkpoint = simulation.Capture();
        var cells = checkpoint.State.Species[species].SetItem(CellCount - 1, value);
        checkpoint = checkpoint with { State = checkpoint.State with { Species = checkpoint.State.Species.SetItem(species, cells) } };

        await AssertImportAsync(server, Encoded(checkpoint), reason);
    }

    [Fact]
    public async Task Import_BytesTooManyOrTooFew_AreRefusedWithTheReason()
    {
        await using var server = await TestServer.StartAsync();
        var spec = ToCore(Spec);
        var mask = Enumerable.Range(0, CellCount).Select(i => i % 5 != 0).ToImmutableArray();
        using var simulation = new SteeredSimulation(spec with { Pattern = spec.Pattern! with { Mask = mask } });
        var bytes = Encoded(simulation.Capture());
        const string Start = "chunk must bring a checkpoint that this server can use: ";

        await AssertImportAsync(server, bytes, null);
        await AssertImportAsync(server, [.. bytes, 0], $"{Start}The checkpoint has bytes after its end at byte {bytes.Length}.");
        await AssertImportAsync(server, bytes[..^1], $"{Start}The checkpoint is cut off: it ends after {bytes.Length - 1} bytes, but must have at least {bytes.Length}.");
    }

    private static async Task AssertImportAsync(TestServer server, byte[] bytes, string? reason)
    {
        using var call = server.Runs.ImportRun();

        // The server may end the call while it is being written to; why, the response says.
        _ = await Record.ExceptionAsync(async () =>
        {
            await call.RequestStream.WriteAsync(new ImportRunRequest { Start = new ImportRunStart { Paused = true } });
            foreach (var chunk in bytes.Chunk(1000))
            {
                await call.RequestStream.WriteAsync(new ImportRunRequest { Chunk = ByteString.CopyFrom(chunk) });
            }

            await call.RequestStream.CompleteAsync();
        });
        if (reason is null)
        {
            Assert.Equal(bytes, await ExportedAsync(server, (await call.ResponseAsync.Within()).Run.RunId));
            return;
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(reason, refused.Status.Detail);
    }

    private static async Task<SteerRunResponse> ApplyAsync(AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call, params SteerRunRequest[] messages)
    {
        foreach (var message in messages)
        {
            await call.RequestStream.WriteAsync(message);
        }

        var response = await NextAsync(call);
        Assert.Equal(SteerRunResponse.OutcomeOneofCase.Applied, response.OutcomeCase);
        return response;
    }

    private static async Task<SteerRunResponse> NextAsync(AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call)
    {
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        }
        while (call.ResponseStream.Current.OutcomeCase == SteerRunResponse.OutcomeOneofCase.Heartbeat);

        return call.ResponseStream.Current;
    }

    private static RunCommand Replace(string id, string species, Field field) =>
        new() { CommandId = id, ReplaceSpecies = new ReplaceSpecies { Species = species, Field = field } };

    private static Field Shape(int rows, int columns) => new() { Rows = rows, Columns = columns, Encoding = FieldEncoding.Float64 };

    private static Field Field(FieldEncoding encoding, int seed)
    {
        var random = new Random(seed);
        var cells = Enumerable.Range(0, CellCount).Select(_ => 0.1 + random.NextDouble());
        return new Field
        {
            Rows = Rows,
            Columns = Columns,
            Encoding = encoding,
            Values = ByteString.CopyFrom([.. cells.SelectMany(cell => encoding == FieldEncoding.Float64 ? BitConverter.GetBytes(cell) : BitConverter.GetBytes((float)cell))]),
        };
    }

    private static IEnumerable<ByteString> Cut(byte[] values, int length) => values.Chunk(length).Select(part => ByteString.CopyFrom(part));

    private static CoreField ToCore(Field field) => new(field.Rows, field.Columns, field.ToCells());

    private static Core.Simulation.SimulationSpec ToCore(SimulationSpec wire)
    {
        var problems = new RequestProblems();
        var spec = wire.ToSpec(new LimitsOptions(), problems);
        problems.ThrowIfAny();
        return spec;
    }

    private static byte[] Encoded(SimulationCheckpoint checkpoint)
    {
        using var stream = new MemoryStream();
        CheckpointFile.Write(stream, checkpoint);
        return stream.ToArray();
    }

    private static async Task<byte[]> ExportedAsync(TestServer server, string runId)
    {
        using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = runId });
        return [.. (await export.ResponseStream.ReadAllAsync().ToListAsync()).SelectMany(part => part.Chunk)];
    }
}
