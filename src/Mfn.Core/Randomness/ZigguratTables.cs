using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Mfn.Core.Randomness;

/// <summary>The 256 layers of the ziggurat for the standard normal distribution, with the same bits as numpy's tables.</summary>
/// <remarks>G. Marsaglia and W. W. Tsang, "The Ziggurat Method for Generating Random Variables", 2000, in its 64-bit form.</remarks>
internal static class ZigguratTables
{
    /// <summary>Where the tail begins.</summary>
    public const double TailStart = 3.654152885361009;

    /// <summary>1 / <see cref="TailStart"/>, rounded once.</summary>
    public const double InverseTailStart = 0.2736612373297583;

    private const double LayerArea = 0.004928673233974652;
    private const double TwoTo52 = 4503599627370496.0;

    /// <summary>For each layer, the 52-bit integers below this one need no further test.</summary>
    public static readonly ulong[] Thresholds = new ulong[256];

    /// <summary>For each layer, its width divided by 2^52.</summary>
    public static readonly double[] Widths = new double[256];

    /// <summary>For each layer, the density at its right edge.</summary>
    public static readonly double[] Densities = new double[256];

    static ZigguratTables()
    {
        // The tables are this double recursion, not the exact values of the formulas: those differ by up to 60 units in the last place.
        var x = TailStart;
        Widths[255] = x / TwoTo52;
        Densities[255] = Math.Exp(-0.5 * x * x);
        Thresholds[0] = (ulong)Math.Round(x * Densities[255] / LayerArea * TwoTo52);
        Widths[0] = LayerArea / Densities[255] / TwoTo52;
        Densities[0] = 1.0;
        for (var i = 254; i >= 1; i--)
        {
            var next = Math.Sqrt(-2.0 * Math.Log((LayerArea / x) + Densities[i + 1]));
            Thresholds[i + 1] = (ulong)Math.Round(next / x * TwoTo52);
            Widths[i] = next / TwoTo52;
            Densities[i] = Math.Exp(-0.5 * next * next);
            if (i == 38)
            {
                // numpy's entry is the upper neighbour of the correctly rounded value, which lies 0.5017 units away.
                Densities[38] = BitConverter.UInt64BitsToDouble(0x3FE5AD29ACC85C89);
            }

            x = next;
        }

        Thresholds[1] = 0;
        RequireHash(MemoryMarshal.AsBytes<ulong>(Thresholds), "565295797825931547a1036f5b012a247be54abbe077c39fe06c8ed1e9d0a5a9");
        RequireHash(MemoryMarshal.AsBytes<double>(Widths), "33c6472209e1d09ea3548f0291e5e1ad67fb4f1d0305e9f1086689584b7bb7fa");
        RequireHash(MemoryMarshal.AsBytes<double>(Densities), "acd898d9d87e212f657755ba43b21e40958090a7ff2103c9e79f4ea1b0fe2bc5");
    }

    // Same seed, same bits: a platform whose exp or log rounds otherwise must refuse rather than draw other numbers.
    private static void RequireHash(ReadOnlySpan<byte> table, string expected)
    {
        if (!BitConverter.IsLittleEndian || Convert.ToHexStringLower(SHA256.HashData(table)) != expected)
        {
            throw new PlatformNotSupportedException(
                "This platform's exp, log or byte order does not reproduce the ziggurat tables, so its random numbers would differ.");
        }
    }
}
