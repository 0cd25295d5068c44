namespace Mfn.Core.Randomness;

/// <summary>
/// The 32-bit Mersenne Twister MT19937, with the draws that torch's CPU generator makes from it, bit for bit and in the same order.
/// Not thread-safe.
/// </summary>
/// <remarks>
/// M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number generator", 1998;
/// seeded by one word as in their revision of 2002.
/// </remarks>
public sealed class MersenneTwister
{
    private const int WordCount = 624;
    private const int MiddleWord = 397;
    private const uint SeedMultiplier = 1812433253;
    private const uint TwistMatrix = 0x9908B0DF;
    private const uint UpperBit = 0x8000_0000;
    private const uint LowerBits = 0x7FFF_FFFF;

    private const uint LowerBitsOfSingle = 0x00FF_FFFF;
    private const float TwoToMinus24 = 1.0f / 16777216.0f;

    private readonly uint[] _words = new uint[WordCount];
    private int _next = WordCount;

    /// <summary>A generator at the start of its seed's stream. Like torch, it takes the low 32 bits of a longer seed.</summary>
    public MersenneTwister(ulong seed)
    {
        _words[0] = unchecked((uint)seed);
        for (var i = 1u; i < WordCount; i++)
        {
            var previous = _words[i - 1];
            _words[i] = unchecked((SeedMultiplier * (previous ^ (previous >> 30))) + i);
        }
    }

    /// <summary>Draws 32 uniform bits.</summary>
    public uint NextUInt32()
    {
        if (_next == WordCount)
        {
            Twist();
        }

        var word = _words[_next++];
        word ^= word >> 11;
        word ^= (word << 7) & 0x9D2C_5680;
        word ^= (word << 15) & 0xEFC6_0000;
        return word ^ (word >> 18);
    }

    /// <summary>Draws 64 uniform bits, the upper half first.</summary>
    public ulong NextUInt64()
    {
        var upper = (ulong)NextUInt32();
        return (upper << 32) | NextUInt32();
    }

    /// <summary>Draws a uniform float from <paramref name="low"/> to <paramref name="high"/>, which rounding may reach.</summary>
    /// <remarks>Product and sum are rounded once, as in torch's kernels for processors that fuse them.</remarks>
    public float Uniform(float low, float high) =>
        MathF.FusedMultiplyAdd((NextUInt32() & LowerBitsOfSingle) * TwoToMinus24, high - low, low);

    /// <summary>Draws an order of the numbers from 0 to <paramref name="count"/> - 1 by Fisher and Yates' shuffle from the start.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    public int[] Permutation(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var order = new int[count];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        for (var i = 0; i < order.Length - 1; i++)
        {
            // torch takes the remainder too; its bias is below 2^-32 times the count.
            var other = i + (int)(NextUInt32() % (uint)(order.Length - i));
            (order[i], order[other]) = (order[other], order[i]);
        }

        return order;
    }

    private void Twist()
    {
        for (var i = 0; i < WordCount; i++)
        {
            var joined = (_words[i] & UpperBit) | (_words[(i + 1) % WordCount] & LowerBits);
            var twisted = _words[(i + MiddleWord) % WordCount] ^ (joined >> 1);
            _words[i] = (joined & 1) == 0 ? twisted : twisted ^ TwistMatrix;
        }

        _next = 0;
    }
}
