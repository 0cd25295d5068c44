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
    public static Bits512<T> operator &(Bits512<T> left, Bits512<T> right) => new(left._value & right._value);

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
    public static Bits512<T> AddZeroTimes(Bits512<T> sum, Bits512<T> value) => new(typeof(T) == typeof(double)
        ? Vector512.MultiplyAddEstimate(value._value.AsDouble(), Vector512<double>.Zero, sum._value.AsDouble()).As<double, T>()
        : Vector512.MultiplyAddEstimate(value._value.AsSingle(), Vector512<float>.Zero, sum._value.AsSingle()).As<float, T>());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> CountSet(Bits512<T> counts, Bits512<T> mask) => new(typeof(T) == typeof(double)
        ? (counts._value.AsInt64() - mask._value.AsInt64()).As<long, T>()
        : (counts._value.AsInt32() - mask._value.AsInt32()).As<int, T>());

    public static long SumCounts(Bits512<T> counts) =>
        typeof(T) == typeof(double) ? Vector512.Sum(counts._value.AsInt64()) : Vector512.Sum(counts._value.AsInt32());

    public static bool IsZero(Bits512<T> value) => Vector512.EqualsAll(value._value, Vector512<T>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits512<T> WithFirst(Bits512<T> vector, T value) => new(vector._value.WithElement(0, value));
}
