namespace Mfn.Core.Spectra;

/// <summary>
/// The discrete Fourier transform of real values of any length n from 1 up: the n/2 + 1 coefficients from 0 to n/2, which tell the others
/// (X_{n−k} is the conjugate of X_k). An even length costs a complex transform of half of it. The same bits everywhere; not thread-safe.
/// </summary>
public sealed class RealFourierTransform
{
    private readonly FourierTransform _transform;
    private readonly double[] _real;
    private readonly double[] _imaginary;
    private readonly double[] _cosines;
    private readonly double[] _sines;

    /// <summary>A transform of the given length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is not from 1 to <see cref="FourierTransform.MaxLength"/>.</exception>
    public RealFourierTransform(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, FourierTransform.MaxLength);
        Length = length;
        _transform = new FourierTransform(IsHalved ? length / 2 : length);
        _real = new double[_transform.Length];
        _imaginary = new double[_transform.Length];
        var rootCount = IsHalved ? (length / 2) + 1 : 0;
        _cosines = new double[rootCount];
        _sines = new double[rootCount];
        RootsOfUnity.Fill(length, _cosines, _sines);
    }

    /// <summary>n.</summary>
    public int Length { get; }

    /// <summary>n/2 + 1, rounded down.</summary>
    public int CoefficientCount => (Length / 2) + 1;

    private bool IsHalved => Length % 2 == 0;

    /// <summary>X_k = Σ x_j exp(−2πi jk/n).</summary>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Forward(ReadOnlySpan<double> values, Span<double> real, Span<double> imaginary)
    {
        Check(values.Length, Length, nameof(values));
        Check(real.Length, CoefficientCount, nameof(real));
        Check(imaginary.Length, CoefficientCount, nameof(imaginary));
        if (!IsHalved)
        {
            values.CopyTo(_real);
            Array.Clear(_imaginary);
            _transform.Forward(_real, _imaginary);
            _real.AsSpan(0, CoefficientCount).CopyTo(real);
            _imaginary.AsSpan(0, CoefficientCount).CopyTo(imaginary);
            return;
        }

        var half = Length / 2;
        for (var j = 0; j < half; j++)
        {
            (_real[j], _imaginary[j]) = (values[2 * j], values[(2 * j) + 1]);
        }

        _transform.Forward(_real, _imaginary);
        for (var k = 0; k <= half; k++)
        {
            // The transforms of the even and of the odd values.
            var (at, mirrored) = (k % half, (half - k) % half);
            var evenR = (_real[at] + _real[mirrored]) / 2;
            var evenI = (_imaginary[at] - _imaginary[mirrored]) / 2;
            var oddR = (_imaginary[at] + _imaginary[mirrored]) / 2;
            var oddI = (_real[mirrored] - _real[at]) / 2;
            real[k] = evenR + ((oddR * _cosines[k]) + (oddI * _sines[k]));
            imaginary[k] = evenI + ((oddI * _cosines[k]) - (oddR * _sines[k]));
        }
    }

    /// <summary>The values whose transform this is. The imaginary parts of coefficients 0 and, for an even length, n/2 count as 0.</summary>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Inverse(ReadOnlySpan<double> real, ReadOnlySpan<double> imaginary, Span<double> values)
    {
        Check(real.Length, CoefficientCount, nameof(real));
        Check(imaginary.Length, CoefficientCount, nameof(imaginary));
        Check(values.Length, Length, nameof(values));
        if (!IsHalved)
        {
            (_real[0], _imaginary[0]) = (real[0], 0);
            for (var k = 1; k < CoefficientCount; k++)
            {
                (_real[k], _imaginary[k]) = (real[k], imaginary[k]);
                (_real[Length - k], _imaginary[Length - k]) = (real[k], -imaginary[k]);
            }

            _transform.Inverse(_real, _imaginary);
            _real.CopyTo(values);
            return;
        }

        var half = Length / 2;
        for (var k = 0; k < half; k++)
        {
            var mirrored = half - k;
            var (i, mirroredI) = k == 0 ? (0.0, 0.0) : (imaginary[k], imaginary[mirrored]);
            var evenR = (real[k] + real[mirrored]) / 2;
            var evenI = (i - mirroredI) / 2;
            var turnedR = (real[k] - real[mirrored]) / 2;
            var turnedI = (i + mirroredI) / 2;
            var oddR = (turnedR * _cosines[k]) - (turnedI * _sines[k]);
            var oddI = (turnedI * _cosines[k]) + (turnedR * _sines[k]);
            (_real[k], _imaginary[k]) = (evenR - oddI, evenI + oddR);
        }

        _transform.Inverse(_real, _imaginary);
        for (var j = 0; j < half; j++)
        {
            (values[2 * j], values[(2 * j) + 1]) = (_real[j], _imaginary[j]);
        }
    }

    private static void Check(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"Here must be {expected} values, but there are {length}.", name);
        }
    }
}
