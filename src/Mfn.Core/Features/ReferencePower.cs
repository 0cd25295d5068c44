using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Mfn.Core.Features;

/// <summary>
/// x³ and x⁴ with the bits of <see cref="Math.Pow"/>, which is the C library's pow, as in the reference; eight at a time, and in nine cases of
/// ten without a call.
/// </summary>
/// <remarks>
/// <para>
/// The exact power is computed to about 104 bits, as a rounded product and its error (T. J. Dekker, 1971; the fused operation serves to get
/// the error of a product exactly, so no result depends on whether there is one). If it rounds to the same double when it is moved up and
/// down by a little more than pow's own error before its last rounding, pow must give that double too (A. Ziv, 1991). Otherwise pow is asked.
/// </para>
/// <para>
/// pow here means the algorithm of glibc since 2.28 (and of musl and the BSDs): its documented error is at most 0.511 units in the last
/// place for the last step and 1.5 · 2^-68 of |ln x^n| before it, so for x between 2^-64 and 2^64 below 0.52, that is 0.02 before the
/// rounding. The margin is between 1/32 and 1/16 of a unit.
/// </para>
/// </remarks>
internal static class ReferencePower
{
    private const double Margin = 1.0 / (1L << 57);
    private const double Least = 1.0 / (1UL << 63) / 2.0;
    private const double Greatest = (1UL << 63) * 2.0;

    /// <summary>The third and the fourth powers of the values, which are a multiple of eight, into spans of the same length.</summary>
    public static void ThirdAndFourth(ReadOnlySpan<double> values, Span<double> thirds, Span<double> fourths)
    {
        var octets = MemoryMarshal.Cast<double, Vector512<double>>(values);
        var thirdOctets = MemoryMarshal.Cast<double, Vector512<double>>(thirds)[..octets.Length];
        var fourthOctets = MemoryMarshal.Cast<double, Vector512<double>>(fourths)[..octets.Length];
        for (var i = 0; i < octets.Length; i++)
        {
            var unsure = ThirdAndFourth(octets[i], out thirdOctets[i], out fourthOctets[i]);
            for (; unsure != 0; unsure &= unsure - 1)
            {
                var bit = BitOperations.TrailingZeroCount(unsure);
                var index = (i * Vector512<double>.Count) + (bit % Vector512<double>.Count);
                if (bit < Vector512<double>.Count)
                {
                    thirds[index] = Math.Pow(values[index], 3.0);
                }
                else
                {
                    fourths[index] = Math.Pow(values[index], 4.0);
                }
            }
        }
    }

    /// <summary>The powers of eight values. Returns a bit for each third power, and then one for each fourth, that may not be pow's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint ThirdAndFourth(Vector512<double> values, out Vector512<double> third, out Vector512<double> fourth)
    {
        var square = values * values;
        var squareError = Vector512.FusedMultiplyAdd(values, values, -square);

        var cube = square * values;
        var cubeError = Vector512.FusedMultiplyAdd(square, values, -cube) + (squareError * values);
        var isThirdSure = TryRound(cube, cubeError, out third);

        var fourthPower = square * square;
        var fourthError = Vector512.FusedMultiplyAdd(square, square, -fourthPower) + (2.0 * (square * squareError));
        var isFourthSure = TryRound(fourthPower, fourthError, out fourth);

        var magnitudes = Vector512.Abs(values);
        var isInRange = Vector512.GreaterThanOrEqual(magnitudes, Vector512.Create(Least)) & Vector512.LessThanOrEqual(magnitudes, Vector512.Create(Greatest));
        var sure = (isThirdSure & isInRange).ExtractMostSignificantBits() | ((isFourthSure & isInRange).ExtractMostSignificantBits() << Vector512<double>.Count);
        return (uint)sure ^ ushort.MaxValue;
    }

    /// <summary>Rounds product + error, and says with all bits of a lane set where the margin does not matter; for NaN it does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> TryRound(Vector512<double> product, Vector512<double> error, out Vector512<double> rounded)
    {
        var margin = product * Margin;
        rounded = product + (error - margin);
        return Vector512.Equals(rounded, product + (error + margin));
    }
}
