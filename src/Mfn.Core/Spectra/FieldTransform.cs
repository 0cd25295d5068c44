namespace Mfn.Core.Spectra;

/// <summary>
/// The discrete Fourier transform of a real field, X_mn = Σ x_ij exp(−2πi (im/rows + jn/columns)), for n from 0 to columns/2. The same bits
/// everywhere; not thread-safe.
/// </summary>
public sealed class FieldTransform
{
    private readonly RealFourierTransform _rowTransform;
    private readonly FourierTransform _columnTransform;
    private readonly double[] _columnReal;
    private readonly double[] _columnImaginary;

    /// <summary>A transform of fields of the given shape.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A length is not from 1 to <see cref="FourierTransform.MaxLength"/>.</exception>
    public FieldTransform(int rowCount, int columnCount)
    {
        _columnTransform = new FourierTransform(rowCount);
        _rowTransform = new RealFourierTransform(columnCount);
        _columnReal = new double[rowCount];
        _columnImaginary = new double[rowCount];
    }

    /// <summary>About how many operations a transform takes for each cell, to compare one shape with another.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A length is not from 1 to <see cref="FourierTransform.MaxLength"/>.</exception>
    public static double EffortOf(int rowCount, int columnCount) =>
        (FourierTransform.EffortOf(rowCount) / 2)
        + (columnCount % 2 == 0 ? FourierTransform.EffortOf(columnCount / 2) / 2 : FourierTransform.EffortOf(columnCount));

    /// <summary>Rows of the field and of its transform.</summary>
    public int RowCount => _columnTransform.Length;

    /// <summary>Columns of the field.</summary>
    public int ColumnCount => _rowTransform.Length;

    /// <summary>Columns of the transform: columns/2 + 1, rounded down.</summary>
    public int CoefficientColumnCount => _rowTransform.CoefficientCount;

    /// <summary>Transforms a field, row-major, into <see cref="RowCount"/> x <see cref="CoefficientColumnCount"/> coefficients, row-major.</summary>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Forward(ReadOnlySpan<double> values, Span<double> real, Span<double> imaginary)
    {
        var width = CoefficientColumnCount;
        if (values.Length != (long)RowCount * ColumnCount || real.Length != (long)RowCount * width || imaginary.Length != real.Length)
        {
            throw new ArgumentException(
                $"A {RowCount} x {ColumnCount} field has {(long)RowCount * width} coefficients, but got {values.Length} values for {real.Length} and {imaginary.Length}.");
        }

        for (var row = 0; row < RowCount; row++)
        {
            _rowTransform.Forward(values.Slice(row * ColumnCount, ColumnCount), real.Slice(row * width, width), imaginary.Slice(row * width, width));
        }

        for (var column = 0; column < width; column++)
        {
            for (var row = 0; row < RowCount; row++)
            {
                (_columnReal[row], _columnImaginary[row]) = (real[(row * width) + column], imaginary[(row * width) + column]);
            }

            _columnTransform.Forward(_columnReal, _columnImaginary);
            for (var row = 0; row < RowCount; row++)
            {
                (real[(row * width) + column], imaginary[(row * width) + column]) = (_columnReal[row], _columnImaginary[row]);
            }
        }
    }
}
