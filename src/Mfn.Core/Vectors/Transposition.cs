using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mfn.Core.Vectors;

/// <summary>
/// Transposes squares of as many rows as a vector has lanes, in registers: first within the 128 bits that processors call a lane, then whole lanes.
/// </summary>
internal static class Transposition
{
    /// <summary>Of vectors of 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of128<T>(ref T source, nint sourceStride, ref T destination, nint destinationStride)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            var first = Vector128.LoadUnsafe(ref source);
            var second = Vector128.LoadUnsafe(ref Unsafe.Add(ref source, sourceStride));
            Vector128.Create(first.GetLower(), second.GetLower()).StoreUnsafe(ref destination);
            Vector128.Create(first.GetUpper(), second.GetUpper()).StoreUnsafe(ref Unsafe.Add(ref destination, destinationStride));
        }
        else if (Sse2.IsSupported && typeof(T) == typeof(float))
        {
            Floats128(ref Unsafe.As<T, float>(ref source), sourceStride, ref Unsafe.As<T, float>(ref destination), destinationStride);
        }
        else
        {
            CellByCell(Vector128<T>.Count, ref source, sourceStride, ref destination, destinationStride);
        }
    }

    /// <summary>Of vectors of 256 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of256<T>(ref T source, nint sourceStride, ref T destination, nint destinationStride)
        where T : unmanaged
    {
        if (Avx.IsSupported && typeof(T) == typeof(double))
        {
            Doubles256(ref Unsafe.As<T, double>(ref source), sourceStride, ref Unsafe.As<T, double>(ref destination), destinationStride);
        }
        else if (Avx.IsSupported && typeof(T) == typeof(float))
        {
            Floats256(ref Unsafe.As<T, float>(ref source), sourceStride, ref Unsafe.As<T, float>(ref destination), destinationStride);
        }
        else
        {
            CellByCell(Vector256<T>.Count, ref source, sourceStride, ref destination, destinationStride);
        }
    }

    /// <summary>Of vectors of 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Of512<T>(ref T source, nint sourceStride, ref T destination, nint destinationStride)
        where T : unmanaged
    {
        if (Avx512F.IsSupported && typeof(T) == typeof(double))
        {
            Doubles512(ref Unsafe.As<T, double>(ref source), sourceStride, ref Unsafe.As<T, double>(ref destination), destinationStride);
        }
        else if (Avx512F.IsSupported && typeof(T) == typeof(float))
        {
            Floats512(ref Unsafe.As<T, float>(ref source), sourceStride, ref Unsafe.As<T, float>(ref destination), destinationStride);
        }
        else
        {
            CellByCell(Vector512<T>.Count, ref source, sourceStride, ref destination, destinationStride);
        }
    }

    private static void CellByCell<T>(int count, ref T source, nint sourceStride, ref T destination, nint destinationStride)
        where T : unmanaged
    {
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < count; j++)
            {
                Unsafe.Add(ref destination, (j * destinationStride) + i) = Unsafe.Add(ref source, (i * sourceStride) + j);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Floats128(ref float source, nint sourceStride, ref float destination, nint destinationStride)
    {
        var r0 = Vector128.LoadUnsafe(ref source);
        var r1 = Vector128.LoadUnsafe(ref Unsafe.Add(ref source, 1 * sourceStride));
        var r2 = Vector128.LoadUnsafe(ref Unsafe.Add(ref source, 2 * sourceStride));
        var r3 = Vector128.LoadUnsafe(ref Unsafe.Add(ref source, 3 * sourceStride));
        InLanes(ref r0, ref r1, ref r2, ref r3);
        r0.StoreUnsafe(ref destination);
        r1.StoreUnsafe(ref Unsafe.Add(ref destination, 1 * destinationStride));
        r2.StoreUnsafe(ref Unsafe.Add(ref destination, 2 * destinationStride));
        r3.StoreUnsafe(ref Unsafe.Add(ref destination, 3 * destinationStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Doubles256(ref double source, nint sourceStride, ref double destination, nint destinationStride)
    {
        var r0 = Vector256.LoadUnsafe(ref source);
        var r1 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 1 * sourceStride));
        var r2 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 2 * sourceStride));
        var r3 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 3 * sourceStride));
        (r0, r1) = (Avx.UnpackLow(r0, r1), Avx.UnpackHigh(r0, r1));
        (r2, r3) = (Avx.UnpackLow(r2, r3), Avx.UnpackHigh(r2, r3));
        Avx.Permute2x128(r0, r2, 0x20).StoreUnsafe(ref destination);
        Avx.Permute2x128(r1, r3, 0x20).StoreUnsafe(ref Unsafe.Add(ref destination, 1 * destinationStride));
        Avx.Permute2x128(r0, r2, 0x31).StoreUnsafe(ref Unsafe.Add(ref destination, 2 * destinationStride));
        Avx.Permute2x128(r1, r3, 0x31).StoreUnsafe(ref Unsafe.Add(ref destination, 3 * destinationStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Floats256(ref float source, nint sourceStride, ref float destination, nint destinationStride)
    {
        var r0 = Vector256.LoadUnsafe(ref source);
        var r1 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 1 * sourceStride));
        var r2 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 2 * sourceStride));
        var r3 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 3 * sourceStride));
        var r4 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 4 * sourceStride));
        var r5 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 5 * sourceStride));
        var r6 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 6 * sourceStride));
        var r7 = Vector256.LoadUnsafe(ref Unsafe.Add(ref source, 7 * sourceStride));
        InLanes(ref r0, ref r1, ref r2, ref r3);
        InLanes(ref r4, ref r5, ref r6, ref r7);
        Avx.Permute2x128(r0, r4, 0x20).StoreUnsafe(ref destination);
        Avx.Permute2x128(r1, r5, 0x20).StoreUnsafe(ref Unsafe.Add(ref destination, 1 * destinationStride));
        Avx.Permute2x128(r2, r6, 0x20).StoreUnsafe(ref Unsafe.Add(ref destination, 2 * destinationStride));
        Avx.Permute2x128(r3, r7, 0x20).StoreUnsafe(ref Unsafe.Add(ref destination, 3 * destinationStride));
        Avx.Permute2x128(r0, r4, 0x31).StoreUnsafe(ref Unsafe.Add(ref destination, 4 * destinationStride));
        Avx.Permute2x128(r1, r5, 0x31).StoreUnsafe(ref Unsafe.Add(ref destination, 5 * destinationStride));
        Avx.Permute2x128(r2, r6, 0x31).StoreUnsafe(ref Unsafe.Add(ref destination, 6 * destinationStride));
        Avx.Permute2x128(r3, r7, 0x31).StoreUnsafe(ref Unsafe.Add(ref destination, 7 * destinationStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Doubles512(ref double source, nint sourceStride, ref double destination, nint destinationStride)
    {
        var r0 = Vector512.LoadUnsafe(ref source);
        var r1 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 1 * sourceStride));
        var r2 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 2 * sourceStride));
        var r3 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 3 * sourceStride));
        var r4 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 4 * sourceStride));
        var r5 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 5 * sourceStride));
        var r6 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 6 * sourceStride));
        var r7 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 7 * sourceStride));
        (r0, r1) = (Avx512F.UnpackLow(r0, r1), Avx512F.UnpackHigh(r0, r1));
        (r2, r3) = (Avx512F.UnpackLow(r2, r3), Avx512F.UnpackHigh(r2, r3));
        (r4, r5) = (Avx512F.UnpackLow(r4, r5), Avx512F.UnpackHigh(r4, r5));
        (r6, r7) = (Avx512F.UnpackLow(r6, r7), Avx512F.UnpackHigh(r6, r7));
        Lanes(ref r0, ref r2, ref r4, ref r6);
        Lanes(ref r1, ref r3, ref r5, ref r7);
        r0.StoreUnsafe(ref destination);
        r1.StoreUnsafe(ref Unsafe.Add(ref destination, 1 * destinationStride));
        r2.StoreUnsafe(ref Unsafe.Add(ref destination, 2 * destinationStride));
        r3.StoreUnsafe(ref Unsafe.Add(ref destination, 3 * destinationStride));
        r4.StoreUnsafe(ref Unsafe.Add(ref destination, 4 * destinationStride));
        r5.StoreUnsafe(ref Unsafe.Add(ref destination, 5 * destinationStride));
        r6.StoreUnsafe(ref Unsafe.Add(ref destination, 6 * destinationStride));
        r7.StoreUnsafe(ref Unsafe.Add(ref destination, 7 * destinationStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Floats512(ref float source, nint sourceStride, ref float destination, nint destinationStride)
    {
        var r0 = Vector512.LoadUnsafe(ref source);
        var r1 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 1 * sourceStride));
        var r2 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 2 * sourceStride));
        var r3 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 3 * sourceStride));
        var r4 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 4 * sourceStride));
        var r5 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 5 * sourceStride));
        var r6 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 6 * sourceStride));
        var r7 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 7 * sourceStride));
        var r8 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 8 * sourceStride));
        var r9 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 9 * sourceStride));
        var r10 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 10 * sourceStride));
        var r11 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 11 * sourceStride));
        var r12 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 12 * sourceStride));
        var r13 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 13 * sourceStride));
        var r14 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 14 * sourceStride));
        var r15 = Vector512.LoadUnsafe(ref Unsafe.Add(ref source, 15 * sourceStride));
        InLanes(ref r0, ref r1, ref r2, ref r3);
        InLanes(ref r4, ref r5, ref r6, ref r7);
        InLanes(ref r8, ref r9, ref r10, ref r11);
        InLanes(ref r12, ref r13, ref r14, ref r15);
        Lanes(ref r0, ref r4, ref r8, ref r12);
        Lanes(ref r1, ref r5, ref r9, ref r13);
        Lanes(ref r2, ref r6, ref r10, ref r14);
        Lanes(ref r3, ref r7, ref r11, ref r15);
        r0.StoreUnsafe(ref destination);
        r1.StoreUnsafe(ref Unsafe.Add(ref destination, 1 * destinationStride));
        r2.StoreUnsafe(ref Unsafe.Add(ref destination, 2 * destinationStride));
        r3.StoreUnsafe(ref Unsafe.Add(ref destination, 3 * destinationStride));
        r4.StoreUnsafe(ref Unsafe.Add(ref destination, 4 * destinationStride));
        r5.StoreUnsafe(ref Unsafe.Add(ref destination, 5 * destinationStride));
        r6.StoreUnsafe(ref Unsafe.Add(ref destination, 6 * destinationStride));
        r7.StoreUnsafe(ref Unsafe.Add(ref destination, 7 * destinationStride));
        r8.StoreUnsafe(ref Unsafe.Add(ref destination, 8 * destinationStride));
        r9.StoreUnsafe(ref Unsafe.Add(ref destination, 9 * destinationStride));
        r10.StoreUnsafe(ref Unsafe.Add(ref destination, 10 * destinationStride));
        r11.StoreUnsafe(ref Unsafe.Add(ref destination, 11 * destinationStride));
        r12.StoreUnsafe(ref Unsafe.Add(ref destination, 12 * destinationStride));
        r13.StoreUnsafe(ref Unsafe.Add(ref destination, 13 * destinationStride));
        r14.StoreUnsafe(ref Unsafe.Add(ref destination, 14 * destinationStride));
        r15.StoreUnsafe(ref Unsafe.Add(ref destination, 15 * destinationStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InLanes(ref Vector128<float> a, ref Vector128<float> b, ref Vector128<float> c, ref Vector128<float> d)
    {
        var abLow = Sse.UnpackLow(a, b).AsDouble();
        var abHigh = Sse.UnpackHigh(a, b).AsDouble();
        var cdLow = Sse.UnpackLow(c, d).AsDouble();
        var cdHigh = Sse.UnpackHigh(c, d).AsDouble();
        a = Sse2.UnpackLow(abLow, cdLow).AsSingle();
        b = Sse2.UnpackHigh(abLow, cdLow).AsSingle();
        c = Sse2.UnpackLow(abHigh, cdHigh).AsSingle();
        d = Sse2.UnpackHigh(abHigh, cdHigh).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InLanes(ref Vector256<float> a, ref Vector256<float> b, ref Vector256<float> c, ref Vector256<float> d)
    {
        var abLow = Avx.UnpackLow(a, b).AsDouble();
        var abHigh = Avx.UnpackHigh(a, b).AsDouble();
        var cdLow = Avx.UnpackLow(c, d).AsDouble();
        var cdHigh = Avx.UnpackHigh(c, d).AsDouble();
        a = Avx.UnpackLow(abLow, cdLow).AsSingle();
        b = Avx.UnpackHigh(abLow, cdLow).AsSingle();
        c = Avx.UnpackLow(abHigh, cdHigh).AsSingle();
        d = Avx.UnpackHigh(abHigh, cdHigh).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InLanes(ref Vector512<float> a, ref Vector512<float> b, ref Vector512<float> c, ref Vector512<float> d)
    {
        var abLow = Avx512F.UnpackLow(a, b).AsDouble();
        var abHigh = Avx512F.UnpackHigh(a, b).AsDouble();
        var cdLow = Avx512F.UnpackLow(c, d).AsDouble();
        var cdHigh = Avx512F.UnpackHigh(c, d).AsDouble();
        a = Avx512F.UnpackLow(abLow, cdLow).AsSingle();
        b = Avx512F.UnpackHigh(abLow, cdLow).AsSingle();
        c = Avx512F.UnpackLow(abHigh, cdHigh).AsSingle();
        d = Avx512F.UnpackHigh(abHigh, cdHigh).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lanes(ref Vector512<double> a, ref Vector512<double> b, ref Vector512<double> c, ref Vector512<double> d)
    {
        var abLow = Avx512F.Shuffle4x128(a, b, 0x44);
        var abHigh = Avx512F.Shuffle4x128(a, b, 0xEE);
        var cdLow = Avx512F.Shuffle4x128(c, d, 0x44);
        var cdHigh = Avx512F.Shuffle4x128(c, d, 0xEE);
        a = Avx512F.Shuffle4x128(abLow, cdLow, 0x88);
        b = Avx512F.Shuffle4x128(abLow, cdLow, 0xDD);
        c = Avx512F.Shuffle4x128(abHigh, cdHigh, 0x88);
        d = Avx512F.Shuffle4x128(abHigh, cdHigh, 0xDD);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lanes(ref Vector512<float> a, ref Vector512<float> b, ref Vector512<float> c, ref Vector512<float> d)
    {
        var abLow = Avx512F.Shuffle4x128(a, b, 0x44);
        var abHigh = Avx512F.Shuffle4x128(a, b, 0xEE);
        var cdLow = Avx512F.Shuffle4x128(c, d, 0x44);
        var cdHigh = Avx512F.Shuffle4x128(c, d, 0xEE);
        a = Avx512F.Shuffle4x128(abLow, cdLow, 0x88);
        b = Avx512F.Shuffle4x128(abLow, cdLow, 0xDD);
        c = Avx512F.Shuffle4x128(abHigh, cdHigh, 0x88);
        d = Avx512F.Shuffle4x128(abHigh, cdHigh, 0xDD);
    }
}
