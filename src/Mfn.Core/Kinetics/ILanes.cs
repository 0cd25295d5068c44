using System.Runtime.CompilerServices;
using Mfn.Core.Vectors;

namespace Mfn.Core.Kinetics;

/// <summary>As many vectors side by side as are gone through together.</summary>
internal interface ILanes<TSelf, T, TVector>
    where TSelf : struct, ILanes<TSelf, T, TVector>
    where T : unmanaged
    where TVector : struct, IVector<TVector, T>
{
    /// <summary>How many vectors.</summary>
    static abstract int VectorCount { get; }

    static abstract TSelf Load(ref T source);

    static abstract void Store(in TSelf value, ref T destination);

    /// <summary>Each times a factor.</summary>
    static abstract TSelf Multiply(TVector factor, in TSelf value);

    /// <summary>Each times a factor plus another value, rounded once.</summary>
    static abstract TSelf FusedMultiplyAdd(TVector factor, in TSelf value, in TSelf addend);
}

/// <summary>One vector.</summary>
internal readonly struct OneVector<T, TVector>(TVector value) : ILanes<OneVector<T, TVector>, T, TVector>
    where T : unmanaged
    where TVector : struct, IVector<TVector, T>
{
    private readonly TVector _value = value;

    public static int VectorCount => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneVector<T, TVector> Load(ref T source) => new(TVector.Load(ref source, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(in OneVector<T, TVector> value, ref T destination) => TVector.Store(value._value, ref destination, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneVector<T, TVector> Multiply(TVector factor, in OneVector<T, TVector> value) => new(factor * value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneVector<T, TVector> FusedMultiplyAdd(TVector factor, in OneVector<T, TVector> value, in OneVector<T, TVector> addend) =>
        new(TVector.FusedMultiplyAdd(factor, value._value, addend._value));
}

/// <summary>Four vectors: each cell of a line waits for the one before it, and meanwhile the others have their turn.</summary>
internal readonly struct FourVectors<T, TVector>(TVector first, TVector second, TVector third, TVector fourth) : ILanes<FourVectors<T, TVector>, T, TVector>
    where T : unmanaged
    where TVector : struct, IVector<TVector, T>
{
    private readonly TVector _first = first;
    private readonly TVector _second = second;
    private readonly TVector _third = third;
    private readonly TVector _fourth = fourth;

    public static int VectorCount => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourVectors<T, TVector> Load(ref T source) => new(
        TVector.Load(ref source, 0),
        TVector.Load(ref source, (nuint)TVector.Count),
        TVector.Load(ref source, 2 * (nuint)TVector.Count),
        TVector.Load(ref source, 3 * (nuint)TVector.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(in FourVectors<T, TVector> value, ref T destination)
    {
        TVector.Store(value._first, ref destination, 0);
        TVector.Store(value._second, ref destination, (nuint)TVector.Count);
        TVector.Store(value._third, ref destination, 2 * (nuint)TVector.Count);
        TVector.Store(value._fourth, ref destination, 3 * (nuint)TVector.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourVectors<T, TVector> Multiply(TVector factor, in FourVectors<T, TVector> value) =>
        new(factor * value._first, factor * value._second, factor * value._third, factor * value._fourth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourVectors<T, TVector> FusedMultiplyAdd(TVector factor, in FourVectors<T, TVector> value, in FourVectors<T, TVector> addend) => new(
        TVector.FusedMultiplyAdd(factor, value._first, addend._first),
        TVector.FusedMultiplyAdd(factor, value._second, addend._second),
        TVector.FusedMultiplyAdd(factor, value._third, addend._third),
        TVector.FusedMultiplyAdd(factor, value._fourth, addend._fourth));
}
