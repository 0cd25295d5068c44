using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary><see cref="FitzHughNagumo"/>.</summary>
internal struct FitzHughNagumoRates<T, TVector> : IRates<FitzHughNagumoRates<T, TVector>, T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private TVector _threshold;
    private TVector _recovery;
    private TVector _excitation;
    private TVector _minusInhibition;
    private TVector _current;
    private TVector _one;

    public static FitzHughNagumoRates<T, TVector> Create(KineticsSpec spec)
    {
        var values = spec.Values;
        return new()
        {
            _threshold = Constant(values[0]),
            _recovery = Constant(values[1]),
            _excitation = Constant(values[2]),
            _minusInhibition = Constant(-values[3]),
            _current = Constant(values[4]),
            _one = Constant(1),
        };

        static TVector Constant(double value) => TVector.Create(T.CreateChecked(value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Of(TVector u, TVector v, out TVector f, out TVector g)
    {
        var excited = _excitation * u * (u - _threshold) * (_one - u);
        f = TVector.FusedMultiplyAdd(_minusInhibition * u, v, excited + _current);
        g = _recovery * (u - v);
    }
}
