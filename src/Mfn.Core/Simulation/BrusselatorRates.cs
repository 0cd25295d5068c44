using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary><see cref="Brusselator"/>.</summary>
internal struct BrusselatorRates<T, TVector> : IRates<BrusselatorRates<T, TVector>, T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private TVector _a;
    private TVector _b;
    private TVector _minusLoss;

    public static BrusselatorRates<T, TVector> Create(KineticsSpec spec)
    {
        var values = spec.Values;
        return new()
        {
            _a = Constant(values[0]),
            _b = Constant(values[1]),
            _minusLoss = Constant(-(values[1] + 1)),
        };

        static TVector Constant(double value) => TVector.Create(T.CreateChecked(value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Of(TVector u, TVector v, out TVector f, out TVector g)
    {
        var reaction = u * u * v;
        f = TVector.FusedMultiplyAdd(_minusLoss, u, _a + reaction);
        g = TVector.FusedMultiplyAdd(_b, u, TVector.Zero - reaction);
    }
}
