using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mfn.Core.Vectors;

/// <summary>512 bits.</summary>
internal readonly struct Bits512<T>(Vector512<T> value) : IVector<Bits512<T>, T>
    where T : unmanaged
{
    private readonly Vector512<T> _value = value;

    public static int Count => Vector512<T>.Count;

    public static Bits512<T> Zero => new(Vector512<T>.Zero);

    public static Bits512<T> One => new(Vector512<T>.One);

    public static Bits512<T> Indices => new(Vector512<T>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> Create(T value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> Load(ref T source, nuint offset) => new(Vector512.LoadUnsafe(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Bits512<T> value, ref T destination, nuint offset) => value._value.StoreUnsafe(ref destination, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> operator +(Bits512<T> left, Bits512<T> right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> operator -(Bits512<T> left, Bits512<T> right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> operator *(Bits512<T> left, Bits512<T> right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> operator /(Bits512<T> left, Bits512<T> right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> operator &(Bits512<T> left, Bits512<T> right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> operator |(Bits512<T> left, Bits512<T> right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> FusedMultiplyAdd(Bits512<T> left, Bits512<T> right, Bits512<T> addend) => new(typeof(T) == typeof(double)
        ? Vector512.FusedMultiplyAdd(left._value.AsDouble(), right._value.AsDouble(), addend._value.AsDouble()).As<double, T>()
        : Vector512.FusedMultiplyAdd(left._value.AsSingle(), right._value.AsSingle(), addend._value.AsSingle()).As<float, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> Min(Bits512<T> left, Bits512<T> right) => new(Vector512.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> Max(Bits512<T> left, Bits512<T> right) => new(Vector512.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> IsGreater(Bits512<T> left, Bits512<T> right) => new(Vector512.GreaterThan(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> IsDifferent(Bits512<T> left, Bits512<T> right) => new(~Vector512.Equals(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> Select(Bits512<T> mask, Bits512<T> ifSet, Bits512<T> otherwise) =>
        new(Vector512.ConditionalSelect(mask._value, ifSet._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> Clip(Bits512<T> value, Bits512<T> lowest, Bits512<T> highest)
    {
        // x86's instructions answer with the second operand where one is NaN or both are zero, which other processors' do not.
        return new(Sse.IsSupported
            ? Vector512.MinNative(highest._value, Vector512.MaxNative(lowest._value, value._value))
            : Vector512.ConditionalSelect(
                Vector512.LessThan(value._value, lowest._value),
                lowest._value,
                Vector512.ConditionalSelect(Vector512.GreaterThan(value._value, highest._value), highest._value, value._value)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> AddWhereGreater(Bits512<T> sum, Bits512<T> value, Bits512<T> left, Bits512<T> right) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(left._value, right._value), sum._value + value._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> CountGreater(Bits512<T> counts, Bits512<T> left, Bits512<T> right) => new(CountWhere(counts, Vector512.GreaterThan(left._value, right._value)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> CountDifferent(Bits512<T> counts, Bits512<T> left, Bits512<T> right) => new(CountWhere(counts, ~Vector512.Equals(left._value, right._value)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> CountSet(Bits512<T> counts, Bits512<T> mask) => new(typeof(T) == typeof(double)
        ? (counts._value.AsInt64() - mask._value.AsInt64()).As<long, T>()
        : (counts._value.AsInt32() - mask._value.AsInt32()).As<int, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SumCounts(Bits512<T> counts) =>
        typeof(T) == typeof(double) ? Vector512.Sum(counts._value.AsInt64()) : Vector512.Sum(counts._value.AsInt32());

    public static bool IsBelowTwo(Bits512<T> bits) => typeof(T) == typeof(double)
        ? Vector512.EqualsAll(bits._value.AsInt64() & Vector512.Create(BitConverter.DoubleToInt64Bits(2.0)), Vector512<long>.Zero)
        : Vector512.EqualsAll(bits._value.AsInt32() & Vector512.Create(BitConverter.SingleToInt32Bits(2.0f)), Vector512<int>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> WithFirst(Bits512<T> vector, T value) => new(vector._value.WithElement(0, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> LacksBit(Bits512<T> integers, int bit) => new(typeof(T) == typeof(double)
        ? Vector512.Equals(integers._value.AsInt64() & Vector512.Create(1L << bit), Vector512<long>.Zero).As<long, T>()
        : Vector512.Equals(integers._value.AsInt32() & Vector512.Create(1 << bit), Vector512<int>.Zero).As<int, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> Before(Bits512<T> previous, Bits512<T> here) => new(Shifted(previous._value, here._value, Count - 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> After(Bits512<T> here, Bits512<T> next) => new(Shifted(here._value, next._value, 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ref T source, nint sourceStride, ref T destination, nint destinationStride) =>
        Transposition.Of512(ref source, sourceStride, ref destination, destinationStride);

    /// <summary>As many lanes, from the given one of the first vector on.</summary>
    [SuppressMessage("Performance", "CA1857", Justification = "The number of lanes is a constant of the type.")]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Shifted(Vector512<T> first, Vector512<T> second, int lane)
    {
        if (Avx512F.IsSupported)
        {
            return typeof(T) == typeof(double)
                ? Avx512F.AlignRight64(second.AsInt64(), first.AsInt64(), (byte)lane).As<long, T>()
                : Avx512F.AlignRight32(second.AsInt32(), first.AsInt32(), (byte)lane).As<int, T>();
        }

        return LaneByLane(first, second, lane);

        static Vector512<T> LaneByLane(Vector512<T> first, Vector512<T> second, int lane)
        {
            Span<T> lanes = stackalloc T[2 * Count];
            first.CopyTo(lanes);
            second.CopyTo(lanes[Count..]);
            return Vector512.Create<T>(lanes[lane..]);
        }
    }

    // Selected, not subtracted as in CountSet: the mask then stays in a mask register.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> CountWhere(Bits512<T> counts, Vector512<T> mask) => typeof(T) == typeof(double)
        ? Vector512.ConditionalSelect(mask.AsInt64(), counts._value.AsInt64() + Vector512<long>.One, counts._value.AsInt64()).As<long, T>()
        : Vector512.ConditionalSelect(mask.AsInt32(), counts._value.AsInt32() + Vector512<int>.One, counts._value.AsInt32()).As<int, T>();
}
