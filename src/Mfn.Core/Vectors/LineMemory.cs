using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mfn.Core.Vectors;

/// <summary>Memory that begins where a cache line does, and stays there: a vector that lies in two lines takes two loads or stores.</summary>
internal static class LineMemory
{
    private const int LineBytes = 64;

    /// <summary>Zeros.</summary>
    public static Memory<T> Allocate<T>(int length)
        where T : unmanaged
    {
        var lineLength = LineBytes / Unsafe.SizeOf<T>();
        var array = GC.AllocateArray<T>(checked(length + lineLength - 1), pinned: true);
        var address = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        return array.AsMemory((int)(-address & (LineBytes - 1)) / Unsafe.SizeOf<T>(), length);
    }
}
