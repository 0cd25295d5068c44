namespace Mfn.Core.Membrane;

/// <summary>
/// A sum of products of positive numbers that neither overflows nor underflows: a mantissa and a power of two. Where no rounding to subnormal
/// numbers comes in, it has the bits of the plain sum.
/// </summary>
internal struct ScaledSum
{
    // Far enough from the least and the greatest exponent of a double for a quotient of mantissas.
    private const int LargestPlainExponent = 1000;

    private double _mantissa;
    private int _exponent;

    /// <summary>Adds the product of two finite numbers, neither of them negative.</summary>
    public void AddProduct(double left, double right)
    {
        if (left == 0 || right == 0)
        {
            return;
        }

        var (leftExponent, rightExponent) = (Math.ILogB(left), Math.ILogB(right));
        var product = Math.ScaleB(left, -leftExponent) * Math.ScaleB(right, -rightExponent);
        var exponent = leftExponent + rightExponent;
        if (_mantissa == 0 || exponent > _exponent)
        {
            _mantissa = Math.ScaleB(_mantissa, _exponent - exponent);
            _exponent = exponent;
        }

        _mantissa += Math.ScaleB(product, exponent - _exponent);
    }

    /// <summary>ln(numerator / denominator); neither may be 0.</summary>
    public static double LogRatio(ScaledSum numerator, ScaledSum denominator)
    {
        var ratio = numerator._mantissa / denominator._mantissa;
        var exponent = numerator._exponent - denominator._exponent;
        return Math.Abs(exponent) <= LargestPlainExponent
            ? Math.Log(Math.ScaleB(ratio, exponent))
            : Math.Log(ratio) + (exponent * Math.Log(2));
    }
}
