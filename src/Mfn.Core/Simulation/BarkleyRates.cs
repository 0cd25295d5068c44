using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary><see cref="Barkley"/>: both divisions by constants as products with their inverses.</summary>
internal struct BarkleyRates<T, TVector> : IRates<BarkleyRates<T, TVector>, T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private TVector _inverseA;
    private TVector _thresholdAtRest;
    private TVector _inverseEpsilon;
    private TVector _one;

    public static BarkleyRates<T, TVector> Create(KineticsSpec spec)
    {
        var values = spec.Values;
        return new()
        {
            _inverseA = Constant(1 / values[0]),
            _thresholdAtRest = Constant(values[1] / values[0]),
            _inverseEpsilon = Constant(1 / values[2]),
            _one = Constant(1),
        };

        static TVector Constant(double value) => TVector.Create(T.CreateChecked(value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Of(TVector u, TVector v, out TVector f, out TVector g)
    {
        var threshold = TVector.FusedMultiplyAdd(v, _inverseA, _thresholdAtRest);
        f = _inverseEpsilon * u * (_one - u) * (u - threshold);
        g = u - v;
    }
}
