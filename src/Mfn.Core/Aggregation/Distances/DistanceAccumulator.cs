namespace Mfn.Core.Aggregation.Distances;

/// <summary>
/// The distances between all updates of a round, from components that arrive in chunks of any size: it keeps a few n² sums and two
/// blocks, never the vectors. The distances are the same bits whatever the chunks, and those of <see cref="PairwiseDistances.Between"/>.
/// </summary>
public sealed class DistanceAccumulator
{
    private readonly int _updateCount;

    // It is not known yet which of the two is wanted.
    private ChunkSums<double>? _double;
    private ChunkSums<float> _single;
    private int _length;

    /// <summary>Distances of 0 between so many updates.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There are less than 0 or more than <see cref="PairwiseDistances.LargestCount"/> updates.
    /// </exception>
    public DistanceAccumulator(int updateCount)
    {
        PairwiseDistances.RequireCount(updateCount);
        _updateCount = updateCount;
        (_double, _single) = (new(updateCount), new(updateCount));
    }

    /// <summary>Takes the next components of all updates: so many of the first update, then as many of the next, and so on.</summary>
    /// <exception cref="ArgumentException">The chunk is not as many components of every update.</exception>
    public void Add(ReadOnlySpan<float> chunk)
    {
        if (_updateCount == 0 ? chunk.Length != 0 : chunk.Length % _updateCount != 0)
        {
            throw new ArgumentException($"{chunk.Length} components cannot be as many of {_updateCount} updates.", nameof(chunk));
        }

        var width = _updateCount == 0 ? 0 : chunk.Length / _updateCount;
        _length = checked(_length + width);
        if (_length > PairwiseDistances.LargestLengthInDouble)
        {
            _double = null;
        }

        _double?.Add(chunk, width);
        _single.Add(chunk, width);
    }

    /// <summary>The distances over all components so far; after this, the accumulator is empty.</summary>
    public PairwiseDistances Complete()
    {
        var squared = _double?.Complete() ?? _single.Complete();
        (_double, _single, _length) = (new(_updateCount), new(_updateCount), 0);
        return PairwiseDistances.FromUpperTriangle(squared, _updateCount);
    }

    private sealed class ChunkSums<T>(int count)
        where T : unmanaged
    {
        private readonly DistanceBlock<T> _block = new(count, DistanceBlock<T>.Capacity);
        private readonly double[] _panel = new double[count * count];
        private readonly double[] _squared = new double[count * count];
        private int _blockLength;
        private int _blockCount;

        public void Add(ReadOnlySpan<float> chunk, int width)
        {
            for (var start = 0; start < width;)
            {
                var length = Math.Min(width - start, DistanceBlock<T>.Capacity - _blockLength);
                for (var update = 0; update < count; update++)
                {
                    _block.Write(update, _blockLength, chunk.Slice((update * width) + start, length));
                }

                start += length;
                _blockLength += length;
                if (_blockLength == DistanceBlock<T>.Capacity)
                {
                    CloseBlock();
                }
            }
        }

        public double[] Complete()
        {
            CloseBlock();
            ClosePanel();
            return _squared;
        }

        private void CloseBlock()
        {
            _block.AddTo(_panel, _blockLength);
            _blockLength = 0;
            if (++_blockCount == PairwiseDistances.BlocksPerPanel)
            {
                ClosePanel();
            }
        }

        private void ClosePanel()
        {
            PairwiseDistances.Add(_panel, _squared);
            Array.Clear(_panel);
            _blockCount = 0;
        }
    }
}
