namespace Mfn.Core.Tests.Spectra;

/// <summary>The definition, in decimals of 28 digits, with the roots of unity as powers of the first.</summary>
internal static class NaiveFourierTransform
{
    private const decimal Pi = 3.1415926535897932384626433833m;

    public static (double[] Real, double[] Imaginary) Forward(ReadOnlySpan<double> real, ReadOnlySpan<double> imaginary)
    {
        var length = real.Length;
        var roots = Roots(length);
        var (toReal, toImaginary) = (new double[length], new double[length]);
        var (decimals, imaginaryDecimals) = (new decimal[length], new decimal[length]);
        for (var j = 0; j < length; j++)
        {
            (decimals[j], imaginaryDecimals[j]) = ((decimal)real[j], (decimal)imaginary[j]);
        }

        for (var k = 0; k < length; k++)
        {
            var (sumReal, sumImaginary) = (0m, 0m);
            for (var j = 0; j < length; j++)
            {
                var (cosine, sine) = roots[(int)((long)j * k % length)];
                sumReal += (decimals[j] * cosine) + (imaginaryDecimals[j] * sine);
                sumImaginary += (imaginaryDecimals[j] * cosine) - (decimals[j] * sine);
            }

            (toReal[k], toImaginary[k]) = ((double)sumReal, (double)sumImaginary);
        }

        return (toReal, toImaginary);
    }

    /// <summary>cos and sin of 2πj/n for j from 0 to n − 1, by addition theorems.</summary>
    public static (decimal Cosine, decimal Sine)[] Roots(int length)
    {
        var first = Root(2 * Pi / length);
        var roots = new (decimal Cosine, decimal Sine)[length];
        roots[0] = (1, 0);
        for (var j = 1; j < length; j++)
        {
            var (cosine, sine) = roots[j - 1];
            roots[j] = ((cosine * first.Cosine) - (sine * first.Sine), (sine * first.Cosine) + (cosine * first.Sine));
        }

        return roots;
    }

    private static (decimal Cosine, decimal Sine) Root(decimal angle)
    {
        var (cosine, sine, term) = (0m, 0m, 1m);
        for (var power = 0; power < 60; power++)
        {
            switch (power % 4)
            {
                case 0:
                    cosine += term;
                    break;
                case 1:
                    sine += term;
                    break;
                case 2:
                    cosine -= term;
                    break;
                default:
                    sine -= term;
                    break;
            }

            term *= angle / (power + 1);
        }

        return (cosine, sine);
    }
}
