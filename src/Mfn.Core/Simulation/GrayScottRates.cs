using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary><see cref="GrayScott"/>: F (1 − u) as −F u + F, so that the rate of u is −u v² − F u + F.</summary>
internal struct GrayScottRates<T, TVector> : IRates<GrayScottRates<T, TVector>, T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private TVector _feed;
    private TVector _minusFeed;
    private TVector _minusLoss;

    public static GrayScottRates<T, TVector> Create(KineticsSpec spec)
    {
        var values = spec.Values;
        return new()
        {
            _feed = Constant(values[0]),
            _minusFeed = Constant(-values[0]),
            _minusLoss = Constant(-(values[0] + values[1])),
        };

        static TVector Constant(double value) => TVector.Create(T.CreateChecked(value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Of(TVector u, TVector v, out TVector f, out TVector g)
    {
        var reaction = u * v * v;
        f = TVector.FusedMultiplyAdd(_minusFeed, u, _feed - reaction);
        g = TVector.FusedMultiplyAdd(_minusLoss, v, reaction);
    }
}
