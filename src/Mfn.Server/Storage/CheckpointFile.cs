using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Translation;

namespace Mfn.Server.Storage;

/// <summary>
/// A checkpoint as bytes, on disk and on the wire: <see cref="Magic"/>, format version, length and CRC-32C of the header as three 32-bit
/// integers, the header (mfn.storage.v1.CheckpointHeader), the cells of potential, activator and inhibitor as doubles or, in a run of single
/// precision, as singles, then SHA-256 over all that. Numbers are little-endian. Version 2 is that of kinetics: its species' cells in their order, after the
/// mask, if it has one, with a bit a cell.
/// </summary>
internal static class CheckpointFile
{
    /// <summary>Of the reference's states, which older servers read too.</summary>
    public const int FormatVersion = 1;

    /// <summary>Of the states of kinetics.</summary>
    public const int PatternFormatVersion = 2;

    public const int PreambleLength = 20;

    public const int MaxHeaderLength = 4096;

    private const int ChunkLength = 256 * 1024;

    /// <summary>What a checkpoint begins with. A transfer that takes it for text or for seven bits changes it.</summary>
    public static ReadOnlySpan<byte> Magic => [0x8D, (byte)'M', (byte)'F', (byte)'N', (byte)'C', (byte)'\r', (byte)'\n', 0x1A];

    /// <summary>Writes a checkpoint; does not flush the stream to disk.</summary>
    public static void Write(Stream stream, SimulationCheckpoint checkpoint)
    {
        foreach (var chunk in Encode(checkpoint))
        {
            stream.Write(chunk.Span);
        }
    }

    /// <summary>Reads a checkpoint that takes up the rest of a stream, in memory that grows with what the stream has brought, whatever it claims.</summary>
    /// <param name="stream">Read to its end.</param>
    /// <param name="maxGridSize">Rows and columns that it may have at most.</param>
    /// <exception cref="InvalidDataException">It is not a checkpoint, or damaged, or of another version, or too large; the message says why.</exception>
    public static SimulationCheckpoint Read(Stream stream, int maxGridSize = int.MaxValue)
    {
        using var decoder = new CheckpointDecoder(maxGridSize);
        var chunk = new byte[CheckpointDecoder.BufferLength];
        int count;
        while ((count = stream.Read(chunk)) > 0)
        {
            decoder.Append(chunk.AsSpan(0, count));
        }

        return decoder.Complete();
    }

    /// <summary>The bytes of a checkpoint in chunks of at most 256 KiB, each valid until the next is asked for.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Encode(SimulationCheckpoint checkpoint)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var start = EncodeStart(checkpoint);
        hash.AppendData(start);
        yield return start;

        var width = CellWidth(checkpoint.Spec);
        var chunk = new byte[ChunkLength];
        var state = checkpoint.State;
        if (checkpoint.Spec.Pattern is { Mask.IsEmpty: false } pattern)
        {
            var mask = pattern.Mask.ToBits();
            hash.AppendData(mask);
            for (var first = 0; first < mask.Length; first += ChunkLength)
            {
                yield return mask.AsMemory(first, Math.Min(ChunkLength, mask.Length - first));
            }
        }

        foreach (var cells in state.Species)
        {
            var cellsAChunk = ChunkLength / width;
            for (var first = 0; first < cells.Length; first += cellsAChunk)
            {
                var count = Math.Min(cellsAChunk, cells.Length - first);
                EncodeCells(cells.AsSpan(first, count), width, chunk);
                hash.AppendData(chunk, 0, count * width);
                yield return chunk.AsMemory(0, count * width);
            }
        }

        yield return hash.GetHashAndReset();
    }

    /// <summary>Bytes a cell.</summary>
    public static int CellWidth(SimulationSpec spec) => spec.Precision == Precision.Binary64 ? sizeof(double) : sizeof(float);

    /// <summary>The format version of a simulation's checkpoints.</summary>
    public static int VersionOf(SimulationSpec spec) => spec.Pattern is null ? FormatVersion : PatternFormatVersion;

    private static byte[] EncodeStart(SimulationCheckpoint checkpoint)
    {
        var header = checkpoint.ToStored().ToByteArray();
        var start = new byte[PreambleLength + header.Length];
        Magic.CopyTo(start);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(8), VersionOf(checkpoint.Spec));
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(12), header.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(16), Crc32C.Compute(header));
        header.CopyTo(start, PreambleLength);
        return start;
    }

    private static void EncodeCells(ReadOnlySpan<double> cells, int width, Span<byte> destination)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (width == sizeof(double))
            {
                BinaryPrimitives.WriteDoubleLittleEndian(destination[(i * width)..], cells[i]);
            }
            else
            {
                BinaryPrimitives.WriteSingleLittleEndian(destination[(i * width)..], (float)cells[i]);
            }
        }
    }
}
