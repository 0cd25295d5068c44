using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mfn.Core.Simulation;

/// <summary>
/// As many rows of each of a run's fields, such as the membrane potential, the activator and the inhibitor: a plane of memory after the other.
/// Before the first plane and after the last there is room for a vector, which may begin one cell before a row and end beyond it.
/// </summary>
internal sealed class FieldRows<T> : IDisposable
    where T : unmanaged
{
    private const int CacheLineBytes = 64;
    private const int SkewLines = 3;

    private static readonly int LineLength = CacheLineBytes / Unsafe.SizeOf<T>();

    private T[] _memory;
    private readonly int _start;
    private int _planeLength;
    private readonly int _planeCount;

    /// <summary>Rows whose contents are undefined: zeros, or cells of rows before.</summary>
    /// <param name="rowCount">The number of rows; at least 1.</param>
    /// <param name="stride">The cells from the beginning of a row to that of the next; at least 1.</param>
    /// <param name="planeCount">The number of fields; at least 1.</param>
    public FieldRows(int rowCount, int stride, int planeCount)
    {
        Stride = stride;
        _planeLength = checked(rowCount * stride);
        _planeCount = planeCount;

        // Planes a power of two apart would compete for the same places of the cache.
        PlaneOffset = checked(RoundUp(_planeLength) + (SkewLines * LineLength));

        // Pinned, so that the cells stay where a cache line begins: a vector that lies in two lines takes two loads.
        _memory = CellMemory<T>.Rent(checked((PlaneOffset * _planeCount) + (3 * LineLength)));
        var address = Marshal.UnsafeAddrOfPinnedArrayElement(_memory, LineLength);
        _start = LineLength + ((int)(-address & (CacheLineBytes - 1)) / Unsafe.SizeOf<T>());
    }

    /// <summary>The cells from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>The cells from one of a field to the next field's at the same place.</summary>
    public int PlaneOffset { get; }

    public Span<T> Potential => Plane(0);

    /// <summary>Empty if there is none.</summary>
    public Span<T> Activator => Plane(1);

    /// <summary>Empty if there is none.</summary>
    public Span<T> Inhibitor => Plane(2);

    /// <summary>The least stride of rows that are at least as long as given and all begin where a cache line does.</summary>
    public static int RoundUp(int length) => checked(length + LineLength - 1) / LineLength * LineLength;

    /// <summary>The first field's first cell in a row, the first of as many as given.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no such rows.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref T Row(int index, int count = 1)
    {
        // The one check that the vectors of the rows, in every plane, rely on.
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(((long)index + count) * Stride, _planeLength, nameof(index));
        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_memory), _start + (index * Stride));
    }

    /// <summary>Gives the memory back. There are no rows any more.</summary>
    public void Dispose()
    {
        if (_memory.Length > 0)
        {
            CellMemory<T>.Return(_memory);
            _memory = [];
            _planeLength = 0;
        }
    }

    /// <summary>A field; empty if there are not so many.</summary>
    public Span<T> Plane(int index) => index < _planeCount ? _memory.AsSpan(_start + (index * PlaneOffset), _planeLength) : [];
}
