namespace Mfn.Core.Spectra;

/// <summary>
/// A number as an unevaluated sum of two doubles, about 106 bits: to compute constants that are then rounded to one double. Its operations are
/// + − × ÷ and the correctly rounded fused multiply-add, so that they have the same bits everywhere (T. J. Dekker, 1971).
/// </summary>
internal readonly record struct DoubleDouble(double High, double Low)
{
    /// <summary>π / 4.</summary>
    public static DoubleDouble QuarterPi { get; } = new(0.78539816339744828, 3.061616997868383e-17);

    public static implicit operator DoubleDouble(double value) => new(value, 0);

    public static DoubleDouble operator +(DoubleDouble left, DoubleDouble right)
    {
        var sum = left.High + right.High;
        var part = sum - left.High;
        var error = left.High - (sum - part) + (right.High - part);
        return Normalized(sum, error + left.Low + right.Low);
    }

    public static DoubleDouble operator -(DoubleDouble left, DoubleDouble right) => left + new DoubleDouble(-right.High, -right.Low);

    public static DoubleDouble operator *(DoubleDouble left, DoubleDouble right)
    {
        var product = left.High * right.High;
        var error = Math.FusedMultiplyAdd(left.High, right.High, -product);
        return Normalized(product, error + ((left.High * right.Low) + (left.Low * right.High)));
    }

    public static DoubleDouble operator /(DoubleDouble left, double right)
    {
        var quotient = left.High / right;
        var remainder = Math.FusedMultiplyAdd(-quotient, right, left.High);
        return Normalized(quotient, (remainder + left.Low) / right);
    }

    private static DoubleDouble Normalized(double high, double low)
    {
        var sum = high + low;
        return new DoubleDouble(sum, low - (sum - high));
    }
}
