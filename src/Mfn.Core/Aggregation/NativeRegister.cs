using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Aggregation;

/// <summary>A register as wide as the runtime likes best.</summary>
internal readonly struct NativeRegister<T>(Vector<T> lanes) : ILaneRegister<NativeRegister<T>, T>
    where T : unmanaged
{
    private readonly Vector<T> _lanes = lanes;

    public static int Count => Vector<T>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeRegister<T> Load(ref readonly T source, nuint offset) => new(Vector.LoadUnsafe(in source, offset));

    public void CopyTo(Span<T> destination) => _lanes.CopyTo(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NativeRegister<T> PlusSquare(NativeRegister<T> left, NativeRegister<T> right)
    {
        var difference = left._lanes - right._lanes;
        return new(typeof(T) == typeof(float)
            ? Vector.FusedMultiplyAdd(difference.As<T, float>(), difference.As<T, float>(), _lanes.As<T, float>()).As<float, T>()
            : Vector.FusedMultiplyAdd(difference.As<T, double>(), difference.As<T, double>(), _lanes.As<T, double>()).As<double, T>());
    }
}
