namespace Mfn.Core.Randomness;

/// <summary>log(1 + x) as glibc rounds it on machines with fused multiply-add.</summary>
/// <remarks>
/// .NET's <see cref="double.LogP1"/> is log(1 + x) with the sum rounded first, which gives other last bits than numpy in about one of
/// 800 000 normals. The algorithm is that of Sun's fdlibm (s_log1p.c, 1993): split 1 + x = 2^k (1 + f), then a polynomial in s = f / (2 + f).
/// </remarks>
internal static class LogOnePlus
{
    private const double TwoToMinus54 = 5.551115123125783e-17;
    private const double TwoToMinus29 = 1.862645149230957e-09;
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;

    private const double L1 = 6.666666666666735130e-01;
    private const double L2 = 3.999999999940941908e-01;
    private const double L3 = 2.857142874366239149e-01;
    private const double L4 = 2.222219843214978396e-01;
    private const double L5 = 1.818357216161805012e-01;
    private const double L6 = 1.531383769920937332e-01;
    private const double L7 = 1.479819860511658591e-01;

    /// <summary>log(1 + x) for -1 &lt; x &lt;= 0, the only arguments that the ziggurat's tail has.</summary>
    public static double Compute(double x)
    {
        if (-x < TwoToMinus54)
        {
            return x;
        }

        if (-x < TwoToMinus29)
        {
            return x - (x * x * 0.5);
        }

        var (k, f, correction, isPowerOfTwo) = Reduce(x);
        var halfSquare = 0.5 * f * f;
        if (isPowerOfTwo)
        {
            if (f == 0.0)
            {
                return (k * Ln2High) + Math.FusedMultiplyAdd(k, Ln2Low, correction);
            }

            var tail = halfSquare * (1.0 - (0.66666666666666666 * f));
            return k == 0
                ? f - tail
                : Math.FusedMultiplyAdd(k, Ln2High, -(tail - Math.FusedMultiplyAdd(k, Ln2Low, correction) - f));
        }

        var s = f / (2.0 + f);
        var z = s * s;
        var z2 = z * z;
        var z4 = z2 * z2;
        var z6 = z4 * z2;
        var b1 = Math.FusedMultiplyAdd(z, L3, L2);
        var b2 = Math.FusedMultiplyAdd(z, L5, L4);
        var b3 = Math.FusedMultiplyAdd(z, L7, L6);
        var polynomial = Math.FusedMultiplyAdd(z6, b3, Math.FusedMultiplyAdd(z4, b2, Math.FusedMultiplyAdd(z, L1, z2 * b1)));
        var product = s * (halfSquare + polynomial);
        return k == 0
            ? f - (halfSquare - product)
            : Math.FusedMultiplyAdd(k, Ln2High, -(halfSquare - (product + Math.FusedMultiplyAdd(k, Ln2Low, correction)) - f));
    }

    /// <summary>Splits 1 + x into 2^k (1 + f), and gives the rounding error of 1 + x relative to it.</summary>
    private static (int Exponent, double Fraction, double Correction, bool IsPowerOfTwo) Reduce(double x)
    {
        const int UpperWordOfSqrtHalfMinusOne = unchecked((int)0xBFD2BEC3);
        if (UpperWord(x) <= UpperWordOfSqrtHalfMinusOne)
        {
            return (0, x, 0.0, false);
        }

        var u = 1.0 + x;
        var upper = UpperWord(u);
        var k = (upper >> 20) - 1023;
        var correction = (k > 0 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
        upper &= 0x000FFFFF;
        if (upper < 0x6A09E)
        {
            u = WithUpperWord(u, upper | 0x3FF00000);
        }
        else
        {
            k++;
            u = WithUpperWord(u, upper | 0x3FE00000);
            upper = (0x00100000 - upper) >> 2;
        }

        return (k, u - 1.0, correction, upper == 0);
    }

    private static int UpperWord(double value) => (int)(BitConverter.DoubleToInt64Bits(value) >> 32);

    private static double WithUpperWord(double value, int upper) =>
        BitConverter.Int64BitsToDouble(((long)upper << 32) | (BitConverter.DoubleToInt64Bits(value) & 0xFFFFFFFFL));
}
