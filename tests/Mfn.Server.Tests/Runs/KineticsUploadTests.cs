using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Tests.Client;
using Mfn.Server.Tests.GrpcStack;
using CoreInitialFields = Mfn.Core.Steering.InitialFields;
using InitialFields = Mfn.Contracts.V1.InitialFields;

namespace Mfn.Server.Tests.Runs;

/// <summary>Initial species of runs that come in parts, and what is refused of them, by name.</summary>
public sealed class KineticsUploadTests
{
    private const int Rows = 7;
    private const int Columns = 12;
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
        var (u, v) = (WirePatterns.Random(Rows, Columns, encoding, seed: 1), WirePatterns.Random(Rows, Columns, encoding, seed: 2));
        var start = new CreateRunRequest
        {
            Spec = spec,
            Paused = true,
            InitialFields = new InitialFields { Species = { u.WithValues(u.Values.Memory[..5].ToByteString()), v.WithValues(ByteString.Empty) } },
        };

        var run = await CreateAsync(server, start, WirePatterns.Cut([.. u.Values.Skip(5), .. v.Values], partLength));

        using var expected = new SteeredSimulation(spec.ToCore(), new CoreInitialFields { Species = [u.ToCore(), v.ToCore()] });
        Assert.Equal(expected.Capture().ToBytes(), await server.ExportAsync(run.RunId));
        Assert.Equal(expected.Identity, run.Identity);
    }

    [Fact]
    public async Task CreateRun_SpeciesThatAreNone_AreRefusedByNameBeforeTheyCome()
    {
        await using var server = await TestServer.StartAsync($"Limits:MaxGridSize={MaxGridSize}");
        var (u, v) = (WirePatterns.Shape(Rows, Columns), WirePatterns.Shape(Rows, Columns));
        var reference = new SimulationSpec { GridSize = 4 };

        await RefusedAsync("initial_fields.species must have a field a species, 2 in all, but had 1.", Spec, new InitialFields { Species = { u } });
        await RefusedAsync("initial_fields.species must have a field a species, 2 in all, but had 3.", Spec, new InitialFields { Species = { u, v, v } });
        await RefusedAsync("initial_fields.species[1] must be 7 x 12, but was 12 x 7.", Spec, new InitialFields { Species = { u, WirePatterns.Shape(Columns, Rows) } });
        await RefusedAsync(
            "initial_fields.species[0].columns must be between 1 and 20, but was 21. initial_fields.species[1].encoding must be FIELD_ENCODING_FLOAT64 or FIELD_ENCODING_FLOAT32, but was 3.",
            Spec,
            new InitialFields { Species = { WirePatterns.Shape(Rows, MaxGridSize + 1), new Field { Rows = Rows, Columns = Columns, Encoding = FieldEncoding.Quantized16 } } });
        await RefusedAsync(
            "initial_fields.potential must not be set for a run of kinetics. initial_fields.activator must not be set for a run of kinetics.",
            Spec,
            new InitialFields { Potential = u, Activator = v });
        await RefusedAsync("initial_fields.species must not be set for a run without kinetics.", reference, new InitialFields { Species = { WirePatterns.Shape(4, 4) } });
        await RefusedAsync(
            "initial_fields.activator must not be set for a run without Turing coupling.",
            new SimulationSpec { GridSize = 4, TuringEnabled = false },
            new InitialFields { Activator = WirePatterns.Shape(4, 4) });

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
        var (u, v) = (WirePatterns.Random(Rows, Columns, FieldEncoding.Float64, seed: 1), WirePatterns.Random(Rows, Columns, FieldEncoding.Float32, seed: 2));
        var beyond = TestFields.Of(Rows, Columns, (row, column) => row == 5 && column == 11 ? Math.BitIncrement(1e9) : 1e9);
        var tooShort = v.WithValues(v.Values.Memory[..^1].ToByteString());

        await RefusedAsync("initial_fields.species[1].values must have 336 bytes for 7 x 12 cells of 4 bytes, but had 335.", u, tooShort);
        await RefusedAsync(
            "initial_fields.species[0].values must be between -1000000000 and 1000000000, but the cell in row 5, column 11 was 1000000000.0000001.", beyond, v);
        Assert.Equal(Rows * Columns * 8, beyond.Values.Length);

        // All at once in one message.
        var both = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.CreateRunAsync(Request(beyond, tooShort)));
        Assert.Equal(
            "initial_fields.species[0].values must be between -1000000000 and 1000000000, but the cell in row 5, column 11 was 1000000000.0000001. "
                + "initial_fields.species[1].values must have 336 bytes for 7 x 12 cells of 4 bytes, but had 335.",
            both.Status.Detail);

        async Task RefusedAsync(string reason, params Field[] species)
        {
            var whole = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.CreateRunAsync(Request(species)));
            var shapes = Request([.. species.Select(field => field.WithValues(ByteString.Empty))]);
            var parts = await Assert.ThrowsAsync<RpcException>(() => CreateAsync(server, shapes, species.Select(field => field.Values)));
            Assert.Equal((StatusCode.InvalidArgument, reason), (whole.StatusCode, whole.Status.Detail));
            Assert.Equal((StatusCode.InvalidArgument, reason), (parts.StatusCode, parts.Status.Detail));
        }

        static CreateRunRequest Request(params Field[] species) => new() { Spec = Spec, InitialFields = new InitialFields { Species = { species } } };
    }

    private static async Task<Run> CreateAsync(TestServer server, CreateRunRequest start, IEnumerable<ByteString> parts)
    {
        using var call = server.Runs.CreateRunStream();
        await call.RequestStream.WriteAsync(new CreateRunStreamRequest { Start = start });

        // The server may end the call while it is being written to; why, the response says.
        foreach (var part in parts)
        {
            await ((Task)call.RequestStream.WriteAsync(new CreateRunStreamRequest { Values = part })).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await ((Task)call.RequestStream.CompleteAsync()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return (await call.ResponseAsync.Within()).Run;
    }
}
