using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Mfn.Core.Aggregation;

/// <summary>A register of 64 bytes, which <see cref="NativeRegister{T}"/> is not even where there are such.</summary>
internal readonly struct WideRegister<T>(Vector512<T> lanes) : ILaneRegister<WideRegister<T>, T>
    where T : unmanaged
{
    private readonly Vector512<T> _lanes = lanes;

    public static int Count => Vector512<T>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideRegister<T> Load(ref readonly T source, nuint offset) => new(Vector512.LoadUnsafe(in source, offset));

    public void CopyTo(Span<T> destination) => _lanes.CopyTo(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WideRegister<T> PlusSquare(WideRegister<T> left, WideRegister<T> right)
    {
        var difference = left._lanes - right._lanes;
        return new(typeof(T) == typeof(float)
            ? Vector512.FusedMultiplyAdd(difference.AsSingle(), difference.AsSingle(), _lanes.AsSingle()).As<float, T>()
            : Vector512.FusedMultiplyAdd(difference.AsDouble(), difference.AsDouble(), _lanes.AsDouble()).As<double, T>());
    }
}
