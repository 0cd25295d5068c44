using System.Numerics;
using System.Runtime.InteropServices;

namespace Mfn.Core.Simulation;

/// <summary>A run's fields as doubles: those of singles are made when somebody asks for them, once until they change.</summary>
internal sealed class WidenedFields<T>(int fieldCount) : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly double[][] _widened = [.. Enumerable.Repeat(Array.Empty<double>(), fieldCount)];
    private readonly bool[] _isWidened = new bool[fieldCount];

    /// <summary>The fields have changed.</summary>
    public void Forget() => Array.Clear(_isWidened);

    /// <summary>A view of the cells, which are those of the field of this index.</summary>
    public ReadOnlySpan<double> Of(Span<T> cells, int index)
    {
        if (typeof(T) == typeof(double))
        {
            return MemoryMarshal.Cast<T, double>(cells);
        }

        if (!_isWidened[index])
        {
            if (_widened[index].Length == 0)
            {
                _widened[index] = CellMemory<double>.Rent(cells.Length);
            }

            CellConversion.Widen<T>(cells, _widened[index]);
            _isWidened[index] = true;
        }

        return _widened[index].AsSpan(0, cells.Length);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (ref var cells in _widened.AsSpan())
        {
            if (cells.Length > 0)
            {
                CellMemory<double>.Return(cells);
                cells = [];
            }
        }

        Forget();
    }
}
