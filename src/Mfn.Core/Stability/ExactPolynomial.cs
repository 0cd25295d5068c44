using System.Numerics;

namespace Mfn.Core.Stability;

/// <summary>
/// A polynomial of one variable with integers as coefficients, computed without rounding: every double is an integer times a power of two, so the
/// real roots of a polynomial with doubles as coefficients are found for certain, all of them, by Sturm's theorem, and to the last bit.
/// </summary>
internal sealed class ExactPolynomial
{
    // Lowest power first; the last is not 0. Empty for the polynomial that is 0.
    private readonly BigInteger[] _coefficients;

    private ExactPolynomial(IReadOnlyList<BigInteger> coefficients)
    {
        var count = coefficients.Count;
        while (count > 0 && coefficients[count - 1].IsZero)
        {
            count--;
        }

        _coefficients = [.. coefficients.Take(count)];
    }

    /// <summary>−1 for the polynomial that is 0.</summary>
    public int Degree => _coefficients.Length - 1;

    /// <summary>Whether it is 0 everywhere.</summary>
    public bool IsZero => _coefficients.Length == 0;

    /// <summary>The coefficients, lowest power first, times a power of two that makes them integers.</summary>
    /// <param name="coefficients">Finite.</param>
    public static ExactPolynomial Of(params ReadOnlySpan<double> coefficients) => new(ToIntegers(coefficients));

    /// <summary>As <see cref="Of"/>, for coefficients that are integers already.</summary>
    public static ExactPolynomial OfIntegers(IReadOnlyList<BigInteger> coefficients) => new(coefficients);

    /// <summary>Finite numbers times the one power of two that makes integers of them all.</summary>
    public static BigInteger[] ToIntegers(ReadOnlySpan<double> values)
    {
        var least = int.MaxValue;
        foreach (var value in values)
        {
            if (value != 0)
            {
                least = Math.Min(least, Split(value).Exponent);
            }
        }

        var integers = new BigInteger[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (mantissa, exponent) = Split(values[i]);
            integers[i] = mantissa == 0 ? BigInteger.Zero : new BigInteger(mantissa) << (exponent - least);
        }

        return integers;
    }

    /// <summary>The distinct real roots from −<paramref name="limit"/> to <paramref name="limit"/>, in rising order, each rounded to a neighbouring double.</summary>
    /// <exception cref="InvalidOperationException">The polynomial is 0, so that every number is a root.</exception>
    public double[] RealRoots(double limit)
    {
        if (IsZero)
        {
            throw new InvalidOperationException("Every number is a root of 0.");
        }

        if (Degree == 0)
        {
            return [];
        }

        var derivative = Derivative();
        var shared = Gcd(this, derivative);
        var single = shared.Degree == 0 ? this : Quotient(this, shared);
        var chain = single.SturmChain();
        var roots = new List<double>();

        // The order of doubles as integers, so that halves of an interval hold as many doubles each.
        var open = new Stack<(long Low, long High, int LowChanges, int HighChanges)>();
        var (first, last) = (ToOrder(-limit), ToOrder(limit));
        open.Push((first, last, SignChanges(chain, ToDouble(first)), SignChanges(chain, ToDouble(last))));
        while (open.TryPop(out var interval))
        {
            var (low, high, lowChanges, highChanges) = interval;
            if (lowChanges == highChanges)
            {
                continue;
            }

            var (lowSign, highSign) = (single.SignAt(ToDouble(low)), single.SignAt(ToDouble(high)));
            if (lowChanges - highChanges == 1 && lowSign * highSign < 0)
            {
                roots.Add(single.Between(low, high, lowSign));
                continue;
            }

            if (high - 1 <= low || (highSign == 0 && lowChanges - highChanges == 1))
            {
                roots.Add(ToDouble(high));
                continue;
            }

            var middle = Middle(low, high);
            var changes = SignChanges(chain, ToDouble(middle));
            open.Push((middle, high, changes, highChanges));
            open.Push((low, middle, lowChanges, changes));
        }

        return [.. roots];
    }

    /// <summary>−1, 0 or 1.</summary>
    public int SignAt(double value)
    {
        var (mantissa, exponent) = Split(value);
        var shift = Math.Max(-exponent, 0);
        var x = new BigInteger(mantissa) << Math.Max(exponent, 0);
        var sum = BigInteger.Zero;
        for (var i = Degree; i >= 0; i--)
        {
            sum = (sum * x) + (_coefficients[i] << (shift * (Degree - i)));
        }

        return sum.Sign;
    }

    /// <summary>The root between two doubles where the signs differ: the one of the last two doubles left that is nearer, or the root itself.</summary>
    private double Between(long low, long high, int lowSign)
    {
        while (high - 1 > low)
        {
            var middle = Middle(low, high);
            var sign = SignAt(ToDouble(middle));
            if (sign == 0)
            {
                return ToDouble(middle);
            }

            (low, high) = sign == lowSign ? (middle, high) : (low, middle);
        }

        return ToDouble(high);
    }

    private ExactPolynomial Derivative() => new([.. _coefficients.Select((coefficient, i) => coefficient * i).Skip(1)]);

    private List<ExactPolynomial> SturmChain()
    {
        List<ExactPolynomial> chain = [this, Derivative()];
        while (chain[^1].Degree > 0)
        {
            // Sturm needs the remainder's negative, up to a positive factor.
            var remainder = PseudoRemainder(chain[^2], chain[^1], out var isNegated);
            if (remainder.IsZero)
            {
                break;
            }

            chain.Add((isNegated ? remainder : remainder.Negated()).Primitive());
        }

        return chain;
    }

    private static int SignChanges(List<ExactPolynomial> chain, double value)
    {
        var changes = 0;
        var last = 0;
        foreach (var polynomial in chain)
        {
            var sign = polynomial.SignAt(value);
            if (sign != 0)
            {
                changes += last * sign < 0 ? 1 : 0;
                last = sign;
            }
        }

        return changes;
    }

    private static ExactPolynomial Gcd(ExactPolynomial a, ExactPolynomial b)
    {
        (a, b) = (a.Primitive(), b.Primitive());
        while (!b.IsZero)
        {
            (a, b) = (b, PseudoRemainder(a, b, out _).Primitive());
        }

        return a;
    }

    /// <summary>The remainder of a times a power of b's leading coefficient; <paramref name="isNegated"/> tells whether that factor is negative.</summary>
    private static ExactPolynomial PseudoRemainder(ExactPolynomial a, ExactPolynomial b, out bool isNegated)
    {
        isNegated = false;
        var remainder = a._coefficients.ToArray();
        var lead = b._coefficients[^1];
        for (var i = a.Degree; i >= b.Degree; i--)
        {
            var factor = remainder[i];
            for (var j = 0; j <= i; j++)
            {
                remainder[j] *= lead;
            }

            for (var j = 0; j <= b.Degree; j++)
            {
                remainder[i - b.Degree + j] -= factor * b._coefficients[j];
            }

            isNegated ^= lead.Sign < 0;
        }

        return new ExactPolynomial(remainder);
    }

    /// <summary>a divided by a divisor of it, up to a factor.</summary>
    private static ExactPolynomial Quotient(ExactPolynomial a, ExactPolynomial divisor)
    {
        var remainder = a._coefficients.ToArray();
        var lead = divisor._coefficients[^1];
        var quotient = new BigInteger[a.Degree - divisor.Degree + 1];
        for (var i = quotient.Length - 1; i >= 0; i--)
        {
            var factor = remainder[i + divisor.Degree];
            for (var j = 0; j < remainder.Length; j++)
            {
                remainder[j] *= lead;
            }

            for (var j = 0; j < quotient.Length; j++)
            {
                quotient[j] *= lead;
            }

            quotient[i] = factor;
            for (var j = 0; j <= divisor.Degree; j++)
            {
                remainder[i + j] -= factor * divisor._coefficients[j];
            }
        }

        return new ExactPolynomial(quotient).Primitive();
    }

    private ExactPolynomial Negated() => new([.. _coefficients.Select(BigInteger.Negate)]);

    /// <summary>Without the factor that all coefficients share.</summary>
    private ExactPolynomial Primitive()
    {
        if (IsZero)
        {
            return this;
        }

        var shared = _coefficients.Aggregate(BigInteger.Zero, BigInteger.GreatestCommonDivisor);
        return new([.. _coefficients.Select(coefficient => coefficient / shared)]);
    }

    private static (long Mantissa, int Exponent) Split(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xF_FFFF_FFFF_FFFF;
        if (exponent == 0)
        {
            exponent = 1;
        }
        else
        {
            mantissa |= 1L << 52;
        }

        if (mantissa == 0)
        {
            return (0, 0);
        }

        // Odd mantissas keep the integers short.
        var zeros = BitOperations.TrailingZeroCount(mantissa);
        mantissa >>= zeros;
        return (bits < 0 ? -mantissa : mantissa, exponent - 1075 + zeros);
    }

    /// <summary>Without the difference, which can be too large for a long.</summary>
    private static long Middle(long low, long high) => (low >> 1) + (high >> 1) + (low & high & 1);

    private static long ToOrder(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        return bits < 0 ? long.MinValue - bits : bits;
    }

    private static double ToDouble(long order) => BitConverter.Int64BitsToDouble(order < 0 ? long.MinValue - order : order);
}
