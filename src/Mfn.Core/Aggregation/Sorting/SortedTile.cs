using System.Runtime.InteropServices;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Vectors;

namespace Mfn.Core.Aggregation.Sorting;

/// <summary>
/// A stretch of every update, sorted component by component: what a thread works in. Runs are sorted as they are read, which takes no
/// longer than reading, and lie together as they are merged afterwards.
/// </summary>
internal sealed class SortedTile
{
    // Rows' pieces of this length are read at the memory's speed, and those of a hundred stay in the second cache.
    private const int LargestWidthCount = 32;
    private const int LargestKeyCount = 1 << 20;

    private readonly UpdateSet _updates;
    private readonly SortingNetwork _network;
    private readonly int _capacity;
    private readonly Memory<int> _keys;
    private readonly ReadOnlyMemory<float>[] _rows = new ReadOnlyMemory<float>[SortingNetwork.RunLength];
    private readonly float[] _buffer;
    private readonly float[] _infinities;
    private float[] _unsorted = [];
    private int _unsortedStart = -1;
    private int _start;
    private int _length;

    /// <summary>A tile of so many components, several <see cref="SortingNetwork.Width"/>s.</summary>
    public SortedTile(UpdateSet updates, SortingNetwork network, int capacity)
    {
        _updates = updates;
        _network = network;
        _capacity = capacity;
        _keys = LineMemory.Allocate<int>(checked(capacity * network.SortedRowCount));
        _buffer = new float[SortingNetwork.RunLength * BufferStride];
        _infinities = new float[capacity];
        _infinities.AsSpan().Fill(float.PositiveInfinity);
        for (var matrix = 0; matrix < _keys.Length; matrix += MatrixLength)
        {
            _keys.Span.Slice(matrix, MatrixLength)[(network.RunCount * SortingNetwork.RunLength * SortingNetwork.Width)..].Fill(int.MaxValue);
        }
    }

    // A little more, or all rows would be at the same place of the nearest cache.
    private int BufferStride => _capacity + SortingNetwork.Width;

    private int MatrixLength => _network.SortedRowCount * SortingNetwork.Width;

    /// <summary>The length of tiles for updates of so many components.</summary>
    public static int LengthFor(SortingNetwork network, int length)
    {
        var widthCount = Math.Clamp(LargestKeyCount / (network.SortedRowCount * SortingNetwork.Width), 1, LargestWidthCount);
        return Math.Clamp((length + SortingNetwork.Width - 1) / SortingNetwork.Width, 1, widthCount) * SortingNetwork.Width;
    }

    /// <summary>An update's value as it was before sorting, at a component of the tile. If any is asked for, the tile's are read again.</summary>
    public float Unsorted(int update, int component)
    {
        if (_unsortedStart != _start)
        {
            _unsortedStart = _start;
            _unsorted = _unsorted.Length > 0 ? _unsorted : new float[_updates.Count * _capacity];
            for (var row = 0; row < _updates.Count; row++)
            {
                _updates.Read(row, _start, _unsorted.AsSpan(row * _capacity, _length));
            }
        }

        return _unsorted[(update * _capacity) + component];
    }

    /// <summary>Takes so many components from the given one on.</summary>
    public void Read(int start, int length)
    {
        (_start, _length) = (start, length);
        var width = (length + SortingNetwork.Width - 1) / SortingNetwork.Width * SortingNetwork.Width;
        for (var run = 0; run < _network.RunCount; run++)
        {
            for (var i = 0; i < _rows.Length; i++)
            {
                var update = (run * SortingNetwork.RunLength) + i;
                var buffer = _buffer.AsMemory(i * BufferStride, width);
                if (update >= _updates.Count)
                {
                    _rows[i] = _infinities.AsMemory(0, width);
                }
                else if (width == length)
                {
                    _rows[i] = _updates.Piece(update, start, buffer);
                }
                else
                {
                    _updates.Read(update, start, buffer.Span[..length]);
                    _rows[i] = buffer;
                }
            }

            _network.SortRun(_rows, _keys.Span[(run * SortingNetwork.RunLength * SortingNetwork.Width)..]);
        }
    }

    /// <summary>
    /// The values of <see cref="SortingNetwork.Width"/> components from the given one of the tile on, row by row, of which those from
    /// the first to before the last, which are those that the network puts into their places, are sorted. To be asked for once.
    /// </summary>
    public ReadOnlySpan<float> Sort(int start, int firstRow, int lastRow)
    {
        var keys = _keys.Span.Slice(start / SortingNetwork.Width * MatrixLength, MatrixLength);
        _network.Merge(keys);
        _network.Restore(keys[(firstRow * SortingNetwork.Width)..(lastRow * SortingNetwork.Width)]);
        return MemoryMarshal.Cast<int, float>(keys);
    }
}
