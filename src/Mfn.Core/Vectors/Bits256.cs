using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mfn.Core.Vectors;

/// <summary>256 bits.</summary>
internal readonly struct Bits256<T>(Vector256<T> value) : IVector<Bits256<T>, T>
    where T : unmanaged
{
    private readonly Vector256<T> _value = value;

    public static int Count => Vector256<T>.Count;

    public static Bits256<T> Zero => new(Vector256<T>.Zero);

    public static Bits256<T> One => new(Vector256<T>.One);

    public static Bits256<T> Indices => new(Vector256<T>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> Create(T value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> Load(ref T source, nuint offset) => new(Vector256.LoadUnsafe(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Bits256<T> value, ref T destination, nuint offset) => value._value.StoreUnsafe(ref destination, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> operator +(Bits256<T> left, Bits256<T> right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> operator -(Bits256<T> left, Bits256<T> right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> operator *(Bits256<T> left, Bits256<T> right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> operator /(Bits256<T> left, Bits256<T> right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> operator &(Bits256<T> left, Bits256<T> right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> operator |(Bits256<T> left, Bits256<T> right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> FusedMultiplyAdd(Bits256<T> left, Bits256<T> right, Bits256<T> addend) => new(typeof(T) == typeof(double)
        ? Vector256.FusedMultiplyAdd(left._value.AsDouble(), right._value.AsDouble(), addend._value.AsDouble()).As<double, T>()
        : Vector256.FusedMultiplyAdd(left._value.AsSingle(), right._value.AsSingle(), addend._value.AsSingle()).As<float, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> Min(Bits256<T> left, Bits256<T> right) => new(Vector256.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> Max(Bits256<T> left, Bits256<T> right) => new(Vector256.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> IsGreater(Bits256<T> left, Bits256<T> right) => new(Vector256.GreaterThan(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> IsDifferent(Bits256<T> left, Bits256<T> right) => new(~Vector256.Equals(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> Select(Bits256<T> mask, Bits256<T> ifSet, Bits256<T> otherwise) =>
        new(Vector256.ConditionalSelect(mask._value, ifSet._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> Clip(Bits256<T> value, Bits256<T> lowest, Bits256<T> highest)
    {
        // x86's instructions answer with the second operand where one is NaN or both are zero, which other processors' do not.
        return new(Sse.IsSupported
            ? Vector256.MinNative(highest._value, Vector256.MaxNative(lowest._value, value._value))
            : Vector256.ConditionalSelect(
                Vector256.LessThan(value._value, lowest._value),
                lowest._value,
                Vector256.ConditionalSelect(Vector256.GreaterThan(value._value, highest._value), highest._value, value._value)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> AddWhereGreater(Bits256<T> sum, Bits256<T> value, Bits256<T> left, Bits256<T> right) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(left._value, right._value), sum._value + value._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> CountGreater(Bits256<T> counts, Bits256<T> left, Bits256<T> right) => CountSet(counts, IsGreater(left, right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> CountDifferent(Bits256<T> counts, Bits256<T> left, Bits256<T> right) => CountSet(counts, IsDifferent(left, right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> CountSet(Bits256<T> counts, Bits256<T> mask) => new(typeof(T) == typeof(double)
        ? (counts._value.AsInt64() - mask._value.AsInt64()).As<long, T>()
        : (counts._value.AsInt32() - mask._value.AsInt32()).As<int, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SumCounts(Bits256<T> counts) =>
        typeof(T) == typeof(double) ? Vector256.Sum(counts._value.AsInt64()) : Vector256.Sum(counts._value.AsInt32());

    public static bool IsBelowTwo(Bits256<T> bits) => typeof(T) == typeof(double)
        ? Vector256.EqualsAll(bits._value.AsInt64() & Vector256.Create(BitConverter.DoubleToInt64Bits(2.0)), Vector256<long>.Zero)
        : Vector256.EqualsAll(bits._value.AsInt32() & Vector256.Create(BitConverter.SingleToInt32Bits(2.0f)), Vector256<int>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> WithFirst(Bits256<T> vector, T value) => new(vector._value.WithElement(0, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> LacksBit(Bits256<T> integers, int bit) => new(typeof(T) == typeof(double)
        ? Vector256.Equals(integers._value.AsInt64() & Vector256.Create(1L << bit), Vector256<long>.Zero).As<long, T>()
        : Vector256.Equals(integers._value.AsInt32() & Vector256.Create(1 << bit), Vector256<int>.Zero).As<int, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> Before(Bits256<T> previous, Bits256<T> here) => new(Shifted(previous._value, here._value, Count - 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits256<T> After(Bits256<T> here, Bits256<T> next) => new(Shifted(here._value, next._value, 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ref T source, nint sourceStride, ref T destination, nint destinationStride) =>
        Transposition.Of256(ref source, sourceStride, ref destination, destinationStride);

    /// <summary>As many lanes, from the given one of the first vector on: the first or the last.</summary>
    [SuppressMessage("Performance", "CA1857", Justification = "The number of lanes is a constant of the type.")]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<T> Shifted(Vector256<T> first, Vector256<T> second, int lane)
    {
        if (Avx2.IsSupported)
        {
            // The instruction that shifts does so in each half; its other operand is what lies between.
            var middle = Avx2.Permute2x128(first.AsByte(), second.AsByte(), 0x21);
            return (lane == 1
                ? Avx2.AlignRight(middle, first.AsByte(), (byte)Unsafe.SizeOf<T>())
                : Avx2.AlignRight(second.AsByte(), middle, (byte)(Vector128<byte>.Count - Unsafe.SizeOf<T>()))).As<byte, T>();
        }

        return LaneByLane(first, second, lane);

        static Vector256<T> LaneByLane(Vector256<T> first, Vector256<T> second, int lane)
        {
            Span<T> lanes = stackalloc T[2 * Count];
            first.CopyTo(lanes);
            second.CopyTo(lanes[Count..]);
            return Vector256.Create<T>(lanes[lane..]);
        }
    }
}
