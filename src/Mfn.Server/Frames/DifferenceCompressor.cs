using System.Buffers;
using System.IO.Compression;

namespace Mfn.Server.Frames;

/// <summary>Compresses frames' differences. Its working memory, twice the largest frame or a little more, is kept for the next one. Not thread-safe.</summary>
internal sealed class DifferenceCompressor(IFrameMemory memory)
{
    private byte[] _planes = [];
    private byte[] _compressed = [];

    /// <summary>The zlib stream of the cells' differences; see <see cref="CellDifferences.Fold"/>. Whoever gets it disposes it.</summary>
    public IMemoryOwner<byte> Compress(ReadOnlySpan<byte> cells, ReadOnlySpan<byte> baseCells, int cellSize)
    {
        if (_planes.Length < cells.Length)
        {
            _planes = GC.AllocateUninitializedArray<byte>(cells.Length);
            _compressed = GC.AllocateUninitializedArray<byte>(LargestCompressedLength(cells.Length));
        }

        var planes = _planes.AsSpan(0, cells.Length);
        CellDifferences.Fold(cells, baseCells, cellSize, planes);
        using var compressed = new MemoryStream(_compressed);
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(planes);
        }

        var length = (int)compressed.Position;
        var buffer = memory.Rent(length);
        _compressed.AsSpan(0, length).CopyTo(buffer.Memory.Span);
        return buffer;
    }

    /// <summary>The fastest level writes a byte that it finds nowhere before in 9 bits at most; the rest is for what frames the stream.</summary>
    private static int LargestCompressedLength(int length) => checked(length + (length / 8) + 64);
}
