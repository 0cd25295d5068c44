using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mfn.Core.Simulation;

/// <summary>Doubles as cells and cells as doubles. Cells are doubles or singles.</summary>
public static class CellConversion
{
    /// <summary>Rounds to the nearest value that a cell can have, ties to even; copies where cells are doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow<T>(ReadOnlySpan<double> source, Span<T> destination)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            source.CopyTo(MemoryMarshal.Cast<T, double>(destination));
            return;
        }

        var singles = MemoryMarshal.Cast<T, float>(destination);
        var i = 0;
        for (; i <= source.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var half = Vector<double>.Count;
            Vector.Narrow(new Vector<double>(source[i..]), new Vector<double>(source[(i + half)..])).CopyTo(singles[i..]);
        }

        for (; i < source.Length; i++)
        {
            singles[i] = (float)source[i];
        }
    }

    /// <summary>Every cell as a double, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<T>(ReadOnlySpan<T> source, Span<double> destination)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            MemoryMarshal.Cast<T, double>(source).CopyTo(destination);
            return;
        }

        var singles = MemoryMarshal.Cast<T, float>(source);
        var i = 0;
        for (; i <= singles.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(singles[i..]), out var low, out var high);
            low.CopyTo(destination[i..]);
            high.CopyTo(destination[(i + Vector<double>.Count)..]);
        }

        for (; i < singles.Length; i++)
        {
            destination[i] = singles[i];
        }
    }
}
