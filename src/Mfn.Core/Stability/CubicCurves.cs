using System.Numerics;
using Mfn.Core.Kinetics;

namespace Mfn.Core.Stability;

/// <summary>
/// Where two curves of the third degree meet, f(u, v) = 0 and g(u, v) = 0: their resultants, each a polynomial of at most the ninth degree in one
/// of the variables, are 0 there. Coefficients, as rationals, are exact, and so is which numbers are roots; a pair of roots is where the curves meet
/// if both polynomials are 0 to within what rounding the two numbers makes of them.
/// </summary>
internal static class CubicCurves
{
    // Bézout: two cubics that share no curve meet in at most nine points.
    private const int LargestDegree = 9;

    private const double RoundingErrors = 64 * 2.220446049250313e-16;

    /// <summary>The points, or null if the curves have a piece in common, so that there are no single points.</summary>
    /// <param name="f">A coefficient for each of <see cref="CubicPolynomial.Terms"/>; finite.</param>
    /// <param name="g">As many of the other.</param>
    /// <param name="limit">Points further than that from an axis are left out.</param>
    public static List<(double U, double V)>? Meet(ReadOnlySpan<double> f, ReadOnlySpan<double> g, double limit)
    {
        var (exactF, exactG) = (ExactPolynomial.ToIntegers(f), ExactPolynomial.ToIntegers(g));
        var byU = Resultant(exactF, exactG, isOfU: true);
        var byV = Resultant(exactF, exactG, isOfU: false);
        if (byU.IsZero || byV.IsZero)
        {
            return null;
        }

        var points = new List<(double U, double V)>();
        var candidates = byV.RealRoots(limit);
        foreach (var u in byU.RealRoots(limit))
        {
            foreach (var v in candidates)
            {
                if (IsZero(f, u, v) && IsZero(g, u, v))
                {
                    points.Add((u, v));
                }
            }
        }

        return points;
    }

    private static bool IsZero(ReadOnlySpan<double> coefficients, double u, double v)
    {
        var (sum, size) = (0.0, 0.0);
        for (var i = 0; i < coefficients.Length; i++)
        {
            var (powerOfU, powerOfV) = CubicPolynomial.Terms[i];
            var term = coefficients[i] * Power(u, powerOfU) * Power(v, powerOfV);
            sum += term;
            size += Math.Abs(term);
        }

        return Math.Abs(sum) <= RoundingErrors * size;
    }

    private static double Power(double value, int power)
    {
        var product = 1.0;
        for (var i = 0; i < power; i++)
        {
            product *= value;
        }

        return product;
    }

    /// <summary>The resultant as a polynomial of one variable, up to a factor: from its values at 0 … 9, by Newton's interpolation.</summary>
    private static ExactPolynomial Resultant(BigInteger[] f, BigInteger[] g, bool isOfU)
    {
        var (degreeOfF, degreeOfG) = (DegreeOfOther(f, isOfU), DegreeOfOther(g, isOfU));
        if (degreeOfF < 0 || degreeOfG < 0)
        {
            return ExactPolynomial.OfIntegers([]);
        }

        var differences = new BigInteger[LargestDegree + 1];
        for (var i = 0; i <= LargestDegree; i++)
        {
            differences[i] = Determinant(Sylvester(Slice(f, i, isOfU).AsSpan(0, degreeOfF + 1), Slice(g, i, isOfU).AsSpan(0, degreeOfG + 1)));
        }

        for (var order = 1; order <= LargestDegree; order++)
        {
            for (var i = LargestDegree; i >= order; i--)
            {
                differences[i] -= differences[i - 1];
            }
        }

        // The sum of differences[k] x (x − 1) … (x − k + 1) / k!, times 9!.
        var sum = new BigInteger[LargestDegree + 1];
        var product = new BigInteger[LargestDegree + 2];
        product[0] = 1;
        BigInteger factor = 362_880;
        for (var k = 0; k <= LargestDegree; k++)
        {
            for (var i = 0; i <= k; i++)
            {
                sum[i] += factor * differences[k] * product[i];
            }

            for (var i = k + 1; i > 0; i--)
            {
                product[i] = product[i - 1] - (k * product[i]);
            }

            product[0] *= -k;
            factor /= k + 1;
        }

        return ExactPolynomial.OfIntegers(sum);
    }

    /// <summary>The highest power of the variable that the resultant is not of; −1 for the polynomial that is 0.</summary>
    private static int DegreeOfOther(BigInteger[] coefficients, bool isOfU)
    {
        var degree = -1;
        for (var i = 0; i < coefficients.Length; i++)
        {
            if (!coefficients[i].IsZero)
            {
                degree = Math.Max(degree, isOfU ? CubicPolynomial.Terms[i].V : CubicPolynomial.Terms[i].U);
            }
        }

        return degree;
    }

    /// <summary>The polynomial of the other variable alone that is left at a value of the one, lowest power first.</summary>
    private static BigInteger[] Slice(BigInteger[] coefficients, int value, bool isOfU)
    {
        var slice = new BigInteger[4];
        for (var i = 0; i < coefficients.Length; i++)
        {
            var (u, v) = CubicPolynomial.Terms[i];
            slice[isOfU ? v : u] += coefficients[i] * BigInteger.Pow(value, isOfU ? u : v);
        }

        return slice;
    }

    private static BigInteger[][] Sylvester(ReadOnlySpan<BigInteger> f, ReadOnlySpan<BigInteger> g)
    {
        var (degreeOfF, degreeOfG) = (f.Length - 1, g.Length - 1);
        var size = degreeOfF + degreeOfG;
        var rows = new BigInteger[size][];
        for (var row = 0; row < size; row++)
        {
            rows[row] = new BigInteger[size];
            var polynomial = row < degreeOfG ? f : g;
            var shift = row < degreeOfG ? row : row - degreeOfG;
            for (var i = 0; i < polynomial.Length; i++)
            {
                rows[row][shift + i] = polynomial[i];
            }
        }

        return rows;
    }

    /// <summary>By Bareiss's elimination, in which every division comes out even.</summary>
    private static BigInteger Determinant(BigInteger[][] rows)
    {
        var sign = 1;
        BigInteger last = 1;
        for (var k = 0; k < rows.Length - 1; k++)
        {
            var pivot = Array.FindIndex(rows, k, row => !row[k].IsZero);
            if (pivot < 0)
            {
                return BigInteger.Zero;
            }

            if (pivot != k)
            {
                (rows[k], rows[pivot]) = (rows[pivot], rows[k]);
                sign = -sign;
            }

            for (var i = k + 1; i < rows.Length; i++)
            {
                for (var j = k + 1; j < rows.Length; j++)
                {
                    rows[i][j] = ((rows[i][j] * rows[k][k]) - (rows[i][k] * rows[k][j])) / last;
                }
            }

            last = rows[k][k];
        }

        return rows.Length == 0 ? BigInteger.One : sign * rows[^1][^1];
    }
}
