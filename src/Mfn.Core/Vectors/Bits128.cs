using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Mfn.Core.Vectors;

/// <summary>128 bits.</summary>
internal readonly struct Bits128<T>(Vector128<T> value) : IVector<Bits128<T>, T>
    where T : unmanaged
{
    private readonly Vector128<T> _value = value;

    public static int Count => Vector128<T>.Count;

    public static Bits128<T> Zero => new(Vector128<T>.Zero);

    public static Bits128<T> One => new(Vector128<T>.One);

    public static Bits128<T> Indices => new(Vector128<T>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> Create(T value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> Load(ref T source, nuint offset) => new(Vector128.LoadUnsafe(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Bits128<T> value, ref T destination, nuint offset) => value._value.StoreUnsafe(ref destination, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> operator +(Bits128<T> left, Bits128<T> right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> operator -(Bits128<T> left, Bits128<T> right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> operator *(Bits128<T> left, Bits128<T> right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> operator /(Bits128<T> left, Bits128<T> right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> operator &(Bits128<T> left, Bits128<T> right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> operator |(Bits128<T> left, Bits128<T> right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> FusedMultiplyAdd(Bits128<T> left, Bits128<T> right, Bits128<T> addend) => new(typeof(T) == typeof(double)
        ? Vector128.FusedMultiplyAdd(left._value.AsDouble(), right._value.AsDouble(), addend._value.AsDouble()).As<double, T>()
        : Vector128.FusedMultiplyAdd(left._value.AsSingle(), right._value.AsSingle(), addend._value.AsSingle()).As<float, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> Min(Bits128<T> left, Bits128<T> right) => new(Vector128.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> Max(Bits128<T> left, Bits128<T> right) => new(Vector128.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> IsGreater(Bits128<T> left, Bits128<T> right) => new(Vector128.GreaterThan(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> IsDifferent(Bits128<T> left, Bits128<T> right) => new(~Vector128.Equals(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> Select(Bits128<T> mask, Bits128<T> ifSet, Bits128<T> otherwise) =>
        new(Vector128.ConditionalSelect(mask._value, ifSet._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> Clip(Bits128<T> value, Bits128<T> lowest, Bits128<T> highest)
    {
        // x86's instructions answer with the second operand where one is NaN or both are zero, which other processors' do not.
        return new(Sse.IsSupported
            ? Vector128.MinNative(highest._value, Vector128.MaxNative(lowest._value, value._value))
            : Vector128.ConditionalSelect(
                Vector128.LessThan(value._value, lowest._value),
                lowest._value,
                Vector128.ConditionalSelect(Vector128.GreaterThan(value._value, highest._value), highest._value, value._value)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> AddWhereGreater(Bits128<T> sum, Bits128<T> value, Bits128<T> left, Bits128<T> right) =>
        new(Vector128.ConditionalSelect(Vector128.GreaterThan(left._value, right._value), sum._value + value._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> CountGreater(Bits128<T> counts, Bits128<T> left, Bits128<T> right) => CountSet(counts, IsGreater(left, right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> CountDifferent(Bits128<T> counts, Bits128<T> left, Bits128<T> right) => CountSet(counts, IsDifferent(left, right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> CountSet(Bits128<T> counts, Bits128<T> mask) => new(typeof(T) == typeof(double)
        ? (counts._value.AsInt64() - mask._value.AsInt64()).As<long, T>()
        : (counts._value.AsInt32() - mask._value.AsInt32()).As<int, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SumCounts(Bits128<T> counts) =>
        typeof(T) == typeof(double) ? Vector128.Sum(counts._value.AsInt64()) : Vector128.Sum(counts._value.AsInt32());

    public static bool IsBelowTwo(Bits128<T> bits) => typeof(T) == typeof(double)
        ? Vector128.EqualsAll(bits._value.AsInt64() & Vector128.Create(BitConverter.DoubleToInt64Bits(2.0)), Vector128<long>.Zero)
        : Vector128.EqualsAll(bits._value.AsInt32() & Vector128.Create(BitConverter.SingleToInt32Bits(2.0f)), Vector128<int>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> WithFirst(Bits128<T> vector, T value) => new(vector._value.WithElement(0, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> LacksBit(Bits128<T> integers, int bit) => new(typeof(T) == typeof(double)
        ? Vector128.Equals(integers._value.AsInt64() & Vector128.Create(1L << bit), Vector128<long>.Zero).As<long, T>()
        : Vector128.Equals(integers._value.AsInt32() & Vector128.Create(1 << bit), Vector128<int>.Zero).As<int, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> Before(Bits128<T> previous, Bits128<T> here) => new(Shifted(previous._value, here._value, Count - 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128<T> After(Bits128<T> here, Bits128<T> next) => new(Shifted(here._value, next._value, 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ref T source, nint sourceStride, ref T destination, nint destinationStride) =>
        Transposition.Of128(ref source, sourceStride, ref destination, destinationStride);

    /// <summary>As many lanes, from the given one of the first vector on.</summary>
    [SuppressMessage("Performance", "CA1857", Justification = "The number of lanes is a constant of the type.")]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<T> Shifted(Vector128<T> first, Vector128<T> second, int lane)
    {
        if (Ssse3.IsSupported)
        {
            return Ssse3.AlignRight(second.AsByte(), first.AsByte(), (byte)(lane * Unsafe.SizeOf<T>())).As<byte, T>();
        }

        if (AdvSimd.IsSupported)
        {
            return AdvSimd.ExtractVector128(first.AsByte(), second.AsByte(), (byte)(lane * Unsafe.SizeOf<T>())).As<byte, T>();
        }

        return LaneByLane(first, second, lane);

        static Vector128<T> LaneByLane(Vector128<T> first, Vector128<T> second, int lane)
        {
            Span<T> lanes = stackalloc T[2 * Count];
            first.CopyTo(lanes);
            second.CopyTo(lanes[Count..]);
            return Vector128.Create<T>(lanes[lane..]);
        }
    }
}
