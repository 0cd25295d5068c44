using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary><see cref="CubicPolynomial"/>, by Horner's scheme: in u, then in v.</summary>
internal struct CubicPolynomialRates<T, TVector> : IRates<CubicPolynomialRates<T, TVector>, T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private TVector _f00;
    private TVector _f10;
    private TVector _f01;
    private TVector _f20;
    private TVector _f11;
    private TVector _f02;
    private TVector _f30;
    private TVector _f21;
    private TVector _f12;
    private TVector _f03;
    private TVector _g00;
    private TVector _g10;
    private TVector _g01;
    private TVector _g20;
    private TVector _g11;
    private TVector _g02;
    private TVector _g30;
    private TVector _g21;
    private TVector _g12;
    private TVector _g03;

    public static CubicPolynomialRates<T, TVector> Create(KineticsSpec spec)
    {
        var values = spec.Values;
        return new()
        {
            _f00 = Constant(values[0]),
            _f10 = Constant(values[1]),
            _f01 = Constant(values[2]),
            _f20 = Constant(values[3]),
            _f11 = Constant(values[4]),
            _f02 = Constant(values[5]),
            _f30 = Constant(values[6]),
            _f21 = Constant(values[7]),
            _f12 = Constant(values[8]),
            _f03 = Constant(values[9]),
            _g00 = Constant(values[10]),
            _g10 = Constant(values[11]),
            _g01 = Constant(values[12]),
            _g20 = Constant(values[13]),
            _g11 = Constant(values[14]),
            _g02 = Constant(values[15]),
            _g30 = Constant(values[16]),
            _g21 = Constant(values[17]),
            _g12 = Constant(values[18]),
            _g03 = Constant(values[19]),
        };

        static TVector Constant(double value) => TVector.Create(T.CreateChecked(value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Of(TVector u, TVector v, out TVector f, out TVector g)
    {
        var f0 = TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(_f30, u, _f20), u, _f10), u, _f00);
        var f1 = TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(_f21, u, _f11), u, _f01);
        var f2 = TVector.FusedMultiplyAdd(_f12, u, _f02);
        f = TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(_f03, v, f2), v, f1), v, f0);
        var g0 = TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(_g30, u, _g20), u, _g10), u, _g00);
        var g1 = TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(_g21, u, _g11), u, _g01);
        var g2 = TVector.FusedMultiplyAdd(_g12, u, _g02);
        g = TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(TVector.FusedMultiplyAdd(_g03, v, g2), v, g1), v, g0);
    }
}
