using System.Numerics;

namespace Mfn.Core.Spectra;

/// <summary>
/// The discrete Fourier transform X_k = Σ x_j exp(−2πi jk/n) of any length from 1 up, in O(n log n). The operations and their order depend on
/// the length alone, so the result has the same bits everywhere. Buffers are allocated once; not thread-safe.
/// </summary>
/// <remarks>
/// Lengths whose prime factors are at most 31: mixed radices in Stockham's order; others as a convolution with a chirp (L. I. Bluestein, 1970)
/// of a power of two. The relative error in the Euclidean norm stays below 2^-52 log2(2n).
/// </remarks>
public sealed class FourierTransform
{
    /// <summary>The longest transform.</summary>
    public const int MaxLength = 1 << 26;

    private const int LargestRadix = 31;

    private readonly int[] _radices;
    private readonly double[] _cosines;
    private readonly double[] _sines;
    private readonly double[] _real;
    private readonly double[] _imaginary;
    private readonly Chirp? _chirp;

    /// <summary>A transform of the given length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is not from 1 to <see cref="MaxLength"/>.</exception>
    public FourierTransform(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        Length = length;
        (_radices, var cofactor) = Factors(length);
        if (cofactor > 1)
        {
            _chirp = new Chirp(length);
            _radices = [];
        }

        var tableLength = _chirp is null ? length : 0;
        _cosines = new double[tableLength];
        _sines = new double[tableLength];
        RootsOfUnity.Fill(length, _cosines, _sines);
        _real = new double[tableLength];
        _imaginary = new double[tableLength];
    }

    /// <summary>n.</summary>
    public int Length { get; }

    /// <summary>About how many operations a transform takes for each value, to compare one length with another.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is not from 1 to <see cref="MaxLength"/>.</exception>
    public static double EffortOf(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxLength);
        var (radices, cofactor) = Factors(length);
        return cofactor == 1 ? radices.Sum() : Chirp.EffortOf(length);
    }

    /// <summary>Transforms in place.</summary>
    /// <exception cref="ArgumentException">A part has another length.</exception>
    public void Forward(Span<double> real, Span<double> imaginary)
    {
        Check(real.Length, nameof(real));
        Check(imaginary.Length, nameof(imaginary));
        if (_chirp is not null)
        {
            _chirp.Transform(real, imaginary);
            return;
        }

        var (remaining, stride, isInBuffer) = (Length, 1, false);
        foreach (var radix in _radices)
        {
            if (isInBuffer)
            {
                Pass(radix, remaining, stride, _real, _imaginary, real, imaginary);
            }
            else
            {
                Pass(radix, remaining, stride, real, imaginary, _real, _imaginary);
            }

            isInBuffer = !isInBuffer;
            remaining /= radix;
            stride *= radix;
        }

        if (isInBuffer)
        {
            _real.CopyTo(real);
            _imaginary.CopyTo(imaginary);
        }
    }

    /// <summary>The inverse in place: x_j = Σ X_k exp(2πi jk/n) / n.</summary>
    /// <exception cref="ArgumentException">A part has another length.</exception>
    public void Inverse(Span<double> real, Span<double> imaginary)
    {
        // Exchanging the parts before and after conjugates the exponent.
        Forward(imaginary, real);
        for (var i = 0; i < real.Length; i++)
        {
            real[i] /= Length;
            imaginary[i] /= Length;
        }
    }

    private static (int[] Radices, int Cofactor) Factors(int length)
    {
        var radices = new List<int>();
        foreach (var radix in (ReadOnlySpan<int>)[4, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, LargestRadix])
        {
            while (length % radix == 0)
            {
                radices.Add(radix);
                length /= radix;
            }
        }

        return ([.. radices], length);
    }

    private void Check(int length, string name)
    {
        if (length != Length)
        {
            throw new ArgumentException($"A transform of length {Length} got {length} values.", name);
        }
    }

    /// <summary>Splits each of the transforms of length <paramref name="remaining"/>, of which there are <paramref name="stride"/>, by the radix.</summary>
    private void Pass(
        int radix, int remaining, int stride, ReadOnlySpan<double> real, ReadOnlySpan<double> imaginary, Span<double> toReal, Span<double> toImaginary)
    {
        var part = remaining / radix;
        Span<double> r = stackalloc double[LargestRadix];
        Span<double> i = stackalloc double[LargestRadix];
        for (var q = 0; q < part; q++)
        {
            for (var j = 0; j < stride; j++)
            {
                for (var t = 0; t < radix; t++)
                {
                    var source = j + (stride * (q + (part * t)));
                    (r[t], i[t]) = (real[source], imaginary[source]);
                }

                Butterfly(r[..radix], i[..radix]);
                var destination = j + (stride * radix * q);
                (toReal[destination], toImaginary[destination]) = (r[0], i[0]);
                for (var k = 1; k < radix; k++)
                {
                    destination += stride;
                    var (cosine, sine) = (_cosines[q * k * stride], _sines[q * k * stride]);
                    toReal[destination] = (r[k] * cosine) + (i[k] * sine);
                    toImaginary[destination] = (i[k] * cosine) - (r[k] * sine);
                }
            }
        }
    }

    /// <summary>A transform of a length that is a radix, in place.</summary>
    private void Butterfly(Span<double> r, Span<double> i)
    {
        switch (r.Length)
        {
            case 2:
                (r[0], r[1]) = (r[0] + r[1], r[0] - r[1]);
                (i[0], i[1]) = (i[0] + i[1], i[0] - i[1]);
                break;
            case 4:
                var (evenSumR, evenSumI) = (r[0] + r[2], i[0] + i[2]);
                var (evenDifferenceR, evenDifferenceI) = (r[0] - r[2], i[0] - i[2]);
                var (oddSumR, oddSumI) = (r[1] + r[3], i[1] + i[3]);
                var (oddDifferenceR, oddDifferenceI) = (r[1] - r[3], i[1] - i[3]);
                (r[0], i[0]) = (evenSumR + oddSumR, evenSumI + oddSumI);
                (r[1], i[1]) = (evenDifferenceR + oddDifferenceI, evenDifferenceI - oddDifferenceR);
                (r[2], i[2]) = (evenSumR - oddSumR, evenSumI - oddSumI);
                (r[3], i[3]) = (evenDifferenceR - oddDifferenceI, evenDifferenceI + oddDifferenceR);
                break;
            default:
                OddButterfly(r, i);
                break;
        }
    }

    /// <summary>Halves the work of the definition: values t and p − t, and results k and p − k, share their products.</summary>
    private void OddButterfly(Span<double> r, Span<double> i)
    {
        var radix = r.Length;
        var half = radix / 2;
        Span<double> sumR = stackalloc double[(LargestRadix / 2) + 1];
        Span<double> sumI = stackalloc double[(LargestRadix / 2) + 1];
        Span<double> differenceR = stackalloc double[(LargestRadix / 2) + 1];
        Span<double> differenceI = stackalloc double[(LargestRadix / 2) + 1];
        var (totalR, totalI) = (r[0], i[0]);
        for (var t = 1; t <= half; t++)
        {
            (sumR[t], sumI[t]) = (r[t] + r[radix - t], i[t] + i[radix - t]);
            (differenceR[t], differenceI[t]) = (r[t] - r[radix - t], i[t] - i[radix - t]);
            totalR += sumR[t];
            totalI += sumI[t];
        }

        var step = Length / radix;
        for (var k = 1; k <= half; k++)
        {
            var (evenR, evenI, oddR, oddI) = (r[0], i[0], 0.0, 0.0);
            for (var t = 1; t <= half; t++)
            {
                var root = t * k % radix * step;
                var (cosine, sine) = (_cosines[root], _sines[root]);
                evenR += sumR[t] * cosine;
                evenI += sumI[t] * cosine;
                oddR += differenceR[t] * sine;
                oddI += differenceI[t] * sine;
            }

            (r[k], i[k]) = (evenR + oddI, evenI - oddR);
            (r[radix - k], i[radix - k]) = (evenR - oddI, evenI + oddR);
        }

        (r[0], i[0]) = (totalR, totalI);
    }

    /// <summary>A transform as a convolution: jk = (j² + k² − (k − j)²) / 2.</summary>
    private sealed class Chirp
    {
        private readonly int _length;
        private readonly FourierTransform _transform;
        private readonly double[] _chirpReal;
        private readonly double[] _chirpImaginary;
        private readonly double[] _kernelReal;
        private readonly double[] _kernelImaginary;
        private readonly double[] _real;
        private readonly double[] _imaginary;

        /// <summary>As <see cref="FourierTransform.EffortOf"/>: there and back in the padded length, and three products.</summary>
        public static double EffortOf(int length)
        {
            const int OfProducts = 6;
            var padded = PaddedLength(length);
            return (double)padded / length * ((2 * Factors(padded).Radices.Sum()) + OfProducts);
        }

        public Chirp(int length)
        {
            _length = length;
            var padded = PaddedLength(length);
            _transform = new FourierTransform(padded);
            _chirpReal = new double[length];
            _chirpImaginary = new double[length];
            _kernelReal = new double[padded];
            _kernelImaginary = new double[padded];
            _real = new double[padded];
            _imaginary = new double[padded];
            for (var j = 0; j < length; j++)
            {
                (_chirpReal[j], _chirpImaginary[j]) = RootsOfUnity.At((long)j * j % (2L * length), 2L * length);
                var mirrored = (padded - j) % padded;
                (_kernelReal[j], _kernelImaginary[j]) = (_chirpReal[j], _chirpImaginary[j]);
                (_kernelReal[mirrored], _kernelImaginary[mirrored]) = (_chirpReal[j], _chirpImaginary[j]);
            }

            _transform.Forward(_kernelReal, _kernelImaginary);
        }

        private static int PaddedLength(int length) => (int)BitOperations.RoundUpToPowerOf2((uint)((2 * length) - 1));

        public void Transform(Span<double> real, Span<double> imaginary)
        {
            Array.Clear(_real);
            Array.Clear(_imaginary);
            for (var j = 0; j < _length; j++)
            {
                _real[j] = (real[j] * _chirpReal[j]) + (imaginary[j] * _chirpImaginary[j]);
                _imaginary[j] = (imaginary[j] * _chirpReal[j]) - (real[j] * _chirpImaginary[j]);
            }

            _transform.Forward(_real, _imaginary);
            for (var j = 0; j < _real.Length; j++)
            {
                var (r, i) = (_real[j], _imaginary[j]);
                _real[j] = (r * _kernelReal[j]) - (i * _kernelImaginary[j]);
                _imaginary[j] = (r * _kernelImaginary[j]) + (i * _kernelReal[j]);
            }

            _transform.Inverse(_real, _imaginary);
            for (var k = 0; k < _length; k++)
            {
                real[k] = (_real[k] * _chirpReal[k]) + (_imaginary[k] * _chirpImaginary[k]);
                imaginary[k] = (_imaginary[k] * _chirpReal[k]) - (_real[k] * _chirpImaginary[k]);
            }
        }
    }
}
