using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary><see cref="GiererMeinhardt"/>.</summary>
internal struct GiererMeinhardtRates<T, TVector> : IRates<GiererMeinhardtRates<T, TVector>, T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private TVector _minusDecay;

    public static GiererMeinhardtRates<T, TVector> Create(KineticsSpec spec)
    {
        var values = spec.Values;
        return new()
        {
            _minusDecay = Constant(-values[0]),
        };

        static TVector Constant(double value) => TVector.Create(T.CreateChecked(value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Of(TVector u, TVector v, out TVector f, out TVector g)
    {
        var square = u * u;
        f = TVector.FusedMultiplyAdd(_minusDecay, u, square / v);
        g = square - v;
    }
}
