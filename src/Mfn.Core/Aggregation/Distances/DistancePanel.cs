using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Distances;

/// <summary>The sums over one panel of components after another; blocks go outside, so that a block of all updates stays in the cache.</summary>
/// <typeparam name="T">What is computed in: float or double.</typeparam>
internal sealed class DistancePanel<T>
    where T : unmanaged
{
    // Pieces of so few updates stay in the second cache together, and are long enough to be read at the memory's speed.
    private const int LargestCountReadAhead = 20;
    private const int PieceLength = 4096;

    private readonly DistanceBlock<T> _block;
    private readonly float[] _buffer;
    private double[] _sums;

    /// <summary>Room for so many updates of so many components.</summary>
    public DistancePanel(int count, int length)
    {
        _block = new DistanceBlock<T>(count, length);
        _buffer = new float[Math.Min(length, DistanceBlock<T>.Capacity)];
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
            _block.Count = updates.Count;
        }

        Array.Clear(_sums);
        var end = (int)Math.Min((long)start + Capacity, updates.Length);
        var isReadAhead = updates.Count <= LargestCountReadAhead;
        while (start < end)
        {
            if (isReadAhead && start % PieceLength == 0)
            {
                updates.ReadAhead(start, Math.Min(PieceLength, end - start));
            }

            var length = Math.Min(DistanceBlock<T>.Capacity, end - start);
            for (var update = 0; update < updates.Count; update++)
            {
                _block.Write(update, 0, updates.Piece(update, start, _buffer.AsMemory(0, length)).Span);
            }

            _block.AddTo(_sums, length, cancellationToken);
            start += length;
        }

        return _sums;
    }
}
