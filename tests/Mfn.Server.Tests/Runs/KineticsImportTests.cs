using System.Collections.Immutable;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

/// <summary>Checkpoints of kinetics at the limits of what a server takes.</summary>
public sealed class KineticsImportTests
{
    private const int Rows = 7;
    private const int Columns = 12;
    private const int CellCount = Rows * Columns;
    private const int MaxGridSize = 20;

    private static readonly SimulationSpec Spec = new() { GrayScott = new GrayScott(), Domain = new Domain { Rows = Rows, Columns = Columns } };

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
        var spec = Spec.ToCore() with { StepCount = 1 };
        using var simulation = new SteeredSimulation(spec with { Pattern = spec.Pattern! with { RowCount = rows, ColumnCount = columns } });
        simulation.Advance(2);

        await AssertImportAsync(server, simulation.Capture().ToBytes(), reason);
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
        using var simulation = new SteeredSimulation(Spec.ToCore());
        var checkpoint = simulation.Capture();
        var cells = checkpoint.State.Species[species].SetItem(CellCount - 1, value);
        checkpoint = checkpoint with { State = checkpoint.State with { Species = checkpoint.State.Species.SetItem(species, cells) } };

        await AssertImportAsync(server, checkpoint.ToBytes(), reason);
    }

    [Fact]
    public async Task Import_BytesTooManyOrTooFew_AreRefusedWithTheReason()
    {
        await using var server = await TestServer.StartAsync();
        var spec = Spec.ToCore();
        var mask = Enumerable.Range(0, CellCount).Select(i => i % 5 != 0).ToImmutableArray();
        using var simulation = new SteeredSimulation(spec with { Pattern = spec.Pattern! with { Mask = mask } });
        var bytes = simulation.Capture().ToBytes();
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
            Assert.Equal(bytes, await server.ExportAsync((await call.ResponseAsync.Within()).Run.RunId));
            return;
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(reason, refused.Status.Detail);
    }
}
