using System.Numerics;
using System.Runtime.InteropServices;

namespace Mfn.Core.Aggregation.Updates;

/// <summary>From float to double, which is exact.</summary>
internal static class Widening
{
    public static void Copy(ReadOnlySpan<float> source, Span<double> destination)
    {
        destination = destination[..source.Length];
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var to = ref MemoryMarshal.GetReference(destination);
        var i = 0;
        for (; i <= source.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(in from, (nuint)i), out var lower, out var upper);
            lower.StoreUnsafe(ref to, (nuint)i);
            upper.StoreUnsafe(ref to, (nuint)(i + Vector<double>.Count));
        }

        for (; i < source.Length; i++)
        {
            destination[i] = source[i];
        }
    }
}
