using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Storage;
using Mfn.Server.Translation;
using CoreField = Mfn.Core.Fields.Field;
using CoreSpec = Mfn.Core.Simulation.SimulationSpec;

namespace Mfn.Server.Tests.Runs;

/// <summary>Specs and fields of kinetics as they are sent, and as the engine takes them.</summary>
internal static class WirePatterns
{
    /// <summary>The spec as the engine takes it.</summary>
    public static CoreSpec ToCore(this SimulationSpec wire)
    {
        var problems = new RequestProblems();
        var spec = wire.ToSpec(new LimitsOptions(), problems);
        problems.ThrowIfAny();
        return spec;
    }

    /// <summary>The field as the engine takes it.</summary>
    public static CoreField ToCore(this Field field) => new(field.Rows, field.Columns, field.ToCells());

    /// <summary>A field without values.</summary>
    public static Field Shape(int rows, int columns) => new() { Rows = rows, Columns = columns, Encoding = FieldEncoding.Float64 };

    /// <summary>A field of concentrations.</summary>
    public static Field Random(int rows, int columns, FieldEncoding encoding, int seed)
    {
        var random = new Random(seed);
        var cells = Enumerable.Range(0, rows * columns).Select(_ => 0.1 + random.NextDouble());
        return new Field
        {
            Rows = rows,
            Columns = columns,
            Encoding = encoding,
            Values = ByteString.CopyFrom([.. cells.SelectMany(cell => encoding == FieldEncoding.Float64 ? BitConverter.GetBytes(cell) : BitConverter.GetBytes((float)cell))]),
        };
    }

    /// <summary>Bytes in parts.</summary>
    public static IEnumerable<ByteString> Cut(IEnumerable<byte> values, int length) => values.Chunk(length).Select(part => ByteString.CopyFrom(part));

    /// <summary>The bytes of a checkpoint.</summary>
    public static byte[] ToBytes(this SimulationCheckpoint checkpoint)
    {
        using var stream = new MemoryStream();
        CheckpointFile.Write(stream, checkpoint);
        return stream.ToArray();
    }

    /// <summary>The bytes of a run's state.</summary>
    public static async Task<byte[]> ExportAsync(this TestServer server, string runId)
    {
        using var export = server.Runs.ExportRun(new ExportRunRequest { RunId = runId });
        return [.. (await export.ResponseStream.ReadAllAsync().ToListAsync()).SelectMany(part => part.Chunk)];
    }
}
