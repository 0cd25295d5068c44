using System.IO.Compression;
using System.Numerics;
using System.Security.Cryptography;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Client;

/// <summary>Makes the messages of a watched run as the contract words them, a number and a bit at a time.</summary>
internal sealed class NaiveWatchEncoder(ulong epoch)
{
    private byte[] _chain = new byte[32];
    private long _sequence;

    /// <summary>A field whose cells are the given unsigned integers.</summary>
    public static Field Field(int rows, int columns, FieldEncoding encoding, IEnumerable<ulong> cells, double quantum = 0, long firstLevel = 0) => new()
    {
        Rows = rows,
        Columns = columns,
        Encoding = encoding,
        QuantumVolts = quantum,
        FirstLevel = firstLevel,
        Values = ByteString.CopyFrom([.. cells.SelectMany(cell => Enumerable.Range(0, Width(encoding) / 8).Select(i => (byte)(cell >> (8 * i))))]),
    };

    public static int Width(FieldEncoding encoding) => encoding switch
    {
        FieldEncoding.Float64 => 64,
        FieldEncoding.Float32 => 32,
        FieldEncoding.Quantized16 => 16,
        _ => 8,
    };

    /// <summary>The differences of a field's cells from those of its base, compressed.</summary>
    public static byte[] Differences(Field origin, Field field)
    {
        var width = Width(field.Encoding);
        var modulus = BigInteger.One << width;
        var folded = Cells(field).Zip(Cells(origin), (cell, before) =>
        {
            var difference = (((cell - before) % modulus) + modulus) % modulus;
            return ((2 * difference) % modulus) ^ (difference < modulus / 2 ? 0 : modulus - 1);
        }).ToArray();
        return Compress([.. Enumerable.Range(0, width / 8).SelectMany(plane => folded.Select(z => (byte)((z >> (8 * plane)) % 256)))]);
    }

    public static byte[] Compress(byte[] bytes)
    {
        using var destination = new MemoryStream();
        using (var stream = new ZLibStream(destination, CompressionLevel.Optimal))
        {
            stream.Write(bytes);
        }

        return destination.ToArray();
    }

    public WatchRunResponse Snapshot(long step, long revision, Field? field, FrameFacts? facts = null) =>
        Next(new WatchRunResponse { Step = step, Revision = revision, Snapshot = new Snapshot { Field = field, Facts = facts } }, 7, field?.Values.ToByteArray() ?? []);

    public WatchRunResponse Delta(long step, long revision, (long Step, long Revision) origin, Field shape, byte[] differences)
    {
        var field = shape.Clone();
        field.Values = ByteString.Empty;
        var delta = new Delta
        {
            BaseStep = origin.Step,
            BaseRevision = origin.Revision,
            Field = field,
            CompressedDifferences = ByteString.CopyFrom(differences),
            Facts = new FrameFacts(),
        };
        return Next(new WatchRunResponse { Step = step, Revision = revision, Delta = delta }, 8, differences);
    }

    /// <summary>The next message, with its place in the stream; kind is the number of its field in the contract.</summary>
    public WatchRunResponse Next(WatchRunResponse message, int kind, byte[] payload)
    {
        message.Epoch = epoch;
        message.Sequence = _sequence++;
        using var text = new MemoryStream();
        using var writer = new BinaryWriter(text);
        writer.Write(_chain);
        writer.Write(epoch);
        writer.Write(message.Sequence);
        writer.Write(message.Step);
        writer.Write(message.Revision);
        writer.Write((byte)kind);
        writer.Write(SHA256.HashData(payload));
        writer.Flush();
        _chain = SHA256.HashData(text.ToArray());
        message.Chain = ByteString.CopyFrom(_chain);
        message.Token = ByteString.CopyFromUtf8($"after {message.Sequence}");
        return message;
    }

    private static IEnumerable<BigInteger> Cells(Field field) =>
        field.Values.ToByteArray().Chunk(Width(field.Encoding) / 8).Select(bytes => new BigInteger(bytes, isUnsigned: true));
}
