namespace Mfn.Core.Aggregation;

/// <summary>The sums over one panel of components after another; blocks go outside, so that a block of all updates stays in the cache.</summary>
/// <typeparam name="T">What is computed in: float or double.</typeparam>
internal sealed class DistancePanel<T>
    where T : unmanaged
{
    // All blocks of so few updates stay in the second cache together, and a row's pieces are then read at the memory's speed.
    private const int LargestCountReadAtOnce = 20;
    private const int PieceLength = 4096;

    private readonly DistanceBlock<T>[] _blocks;
    private readonly float[] _buffer;
    private double[] _sums;

    /// <summary>Room for so many updates of so many components.</summary>
    public DistancePanel(int count, int length)
    {
        var pieceLength = count > LargestCountReadAtOnce ? DistanceBlock<T>.Capacity : PieceLength;
        var blockCount = Math.Max(1, (Math.Min(length, pieceLength) + DistanceBlock<T>.Capacity - 1) / DistanceBlock<T>.Capacity);
        _blocks = [.. Enumerable.Range(0, blockCount).Select(_ => new DistanceBlock<T>(count, length))];
        _buffer = new float[Math.Min(length, blockCount * DistanceBlock<T>.Capacity)];
        _sums = new double[count * count];
    }

    /// <summary>The components of a panel.</summary>
    public static int Capacity => PairwiseDistances.BlocksPerPanel * DistanceBlock<T>.Capacity;

    /// <summary>The squared distances over the panel that starts at a component, of no more updates than there is room for. They are overwritten by the next.</summary>
    public double[] Sum(UpdateSet updates, int start, CancellationToken cancellationToken)
    {
        if (_sums.Length != updates.Count * updates.Count)
        {
            _sums = new double[updates.Count * updates.Count];
            Array.ForEach(_blocks, block => block.Count = updates.Count);
        }

        Array.Clear(_sums);
        var end = (int)Math.Min((long)start + Capacity, updates.Length);
        while (start < end)
        {
            var length = Math.Min(_blocks.Length * DistanceBlock<T>.Capacity, end - start);
            for (var update = 0; update < updates.Count; update++)
            {
                var piece = updates.Piece(update, start, _buffer.AsMemory(0, length)).Span;
                for (var offset = 0; offset < length; offset += DistanceBlock<T>.Capacity)
                {
                    _blocks[offset / DistanceBlock<T>.Capacity].Write(update, 0, piece.Slice(offset, Math.Min(DistanceBlock<T>.Capacity, length - offset)));
                }
            }

            for (var offset = 0; offset < length; offset += DistanceBlock<T>.Capacity)
            {
                _blocks[offset / DistanceBlock<T>.Capacity].AddTo(_sums, Math.Min(DistanceBlock<T>.Capacity, length - offset), cancellationToken);
            }

            start += length;
        }

        return _sums;
    }
}
