using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary><see cref="Schnakenberg"/>.</summary>
internal struct SchnakenbergRates<T, TVector> : IRates<SchnakenbergRates<T, TVector>, T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private TVector _a;
    private TVector _b;

    public static SchnakenbergRates<T, TVector> Create(KineticsSpec spec)
    {
        var values = spec.Values;
        return new()
        {
            _a = Constant(values[0]),
            _b = Constant(values[1]),
        };

        static TVector Constant(double value) => TVector.Create(T.CreateChecked(value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Of(TVector u, TVector v, out TVector f, out TVector g)
    {
        var reaction = u * u * v;
        f = (_a - u) + reaction;
        g = _b - reaction;
    }
}
