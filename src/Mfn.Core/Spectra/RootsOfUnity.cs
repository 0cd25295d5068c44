namespace Mfn.Core.Spectra;

/// <summary>
/// cos and sin of 2πj/n, each the double nearest to the true value (barring a tie beyond 100 bits), with the same bits on every machine: the
/// mathematical functions of a platform are not used.
/// </summary>
internal static class RootsOfUnity
{
    // x^(2·14) / 28! is below 2^-106 for x up to π/4.
    private const int LastTerm = 14;

    /// <summary>The first <paramref name="cosines"/>.Length roots of order <paramref name="order"/>, counterclockwise from 1.</summary>
    public static void Fill(long order, Span<double> cosines, Span<double> sines)
    {
        for (var index = 0; index < cosines.Length; index++)
        {
            (cosines[index], sines[index]) = At(index, order);
        }
    }

    /// <summary>cos and sin of 2π index / order.</summary>
    /// <param name="index">At least 0 and less than the order.</param>
    /// <param name="order">At least 1, less than 2^53 / 8.</param>
    public static (double Cosine, double Sine) At(long index, long order)
    {
        // Integers reduce the angle to an eighth of the circle without an error, so that roots have all symmetries to the bit.
        var (octant, rest) = Math.DivRem(8 * index, order);
        var (cosine, sine) = OfEighth(octant % 2 == 0 ? rest : order - rest, order);
        return octant switch
        {
            0 => (cosine, sine),
            1 => (sine, cosine),
            2 => (-sine, cosine),
            3 => (-cosine, sine),
            4 => (-cosine, -sine),
            5 => (-sine, -cosine),
            6 => (sine, -cosine),
            _ => (cosine, -sine),
        };
    }

    /// <summary>cos and sin of π/4 times numerator / denominator, which is from 0 to 1: Taylor's series.</summary>
    private static (double Cosine, double Sine) OfEighth(double numerator, double denominator)
    {
        var angle = DoubleDouble.QuarterPi * numerator / denominator;
        var square = angle * angle;
        DoubleDouble cosine = 1;
        DoubleDouble sine = 1;
        for (var term = LastTerm; term >= 1; term--)
        {
            var product = square / (2 * term);
            cosine = (DoubleDouble)1 - (product * cosine / ((2 * term) - 1));
            sine = (DoubleDouble)1 - (product * sine / ((2 * term) + 1));
        }

        return (cosine.High, (sine * angle).High);
    }
}
