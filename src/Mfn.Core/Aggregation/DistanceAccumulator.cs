namespace Mfn.Core.Aggregation;

/// <summary>
/// The distances between all updates of a round, from components that arrive in chunks of any size: it keeps n² sums and one block, never
/// the vectors. The sums are the same bits whatever the chunks, and those of <see cref="PairwiseDistances.Between"/>.
/// </summary>
public sealed class DistanceAccumulator
{
    private readonly int _updateCount;
    private readonly float[] _block;
    private readonly double[] _panel;
    private readonly double[] _total;
    private int _blockLength;
    private int _panelLength;

    /// <summary>Distances of 0 between so many updates.</summary>
    public DistanceAccumulator(int updateCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(updateCount);
        _updateCount = updateCount;
        _block = new float[updateCount * SquaredDistance.BlockLength];
        _panel = new double[updateCount * updateCount];
        _total = new double[updateCount * updateCount];
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
        for (var start = 0; start < width;)
        {
            var length = Math.Min(width - start, SquaredDistance.BlockLength - _blockLength);
            for (var update = 0; update < _updateCount; update++)
            {
                chunk.Slice((update * width) + start, length)
                    .CopyTo(_block.AsSpan((update * SquaredDistance.BlockLength) + _blockLength));
            }

            start += length;
            _blockLength += length;
            if (_blockLength == SquaredDistance.BlockLength)
            {
                CloseBlock();
            }
        }
    }

    /// <summary>The distances over all components so far; after this, the accumulator is empty.</summary>
    public PairwiseDistances Complete()
    {
        CloseBlock();
        ClosePanel();
        var squared = (double[])_total.Clone();
        Array.Clear(_total);
        return PairwiseDistances.FromUpperTriangle(squared, _updateCount);
    }

    private void CloseBlock()
    {
        for (var i = 0; i < _updateCount; i++)
        {
            for (var j = i + 1; j < _updateCount; j++)
            {
                _panel[(i * _updateCount) + j] += SquaredDistance.OfBlock(Row(i), Row(j));
            }
        }

        _panelLength += _blockLength;
        _blockLength = 0;
        if (_panelLength == SquaredDistance.PanelLength)
        {
            ClosePanel();
        }

        ReadOnlySpan<float> Row(int update) => _block.AsSpan(update * SquaredDistance.BlockLength, _blockLength);
    }

    private void ClosePanel()
    {
        for (var i = 0; i < _total.Length; i++)
        {
            _total[i] += _panel[i];
        }

        Array.Clear(_panel);
        _panelLength = 0;
    }
}
