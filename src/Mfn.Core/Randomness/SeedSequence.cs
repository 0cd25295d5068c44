using System.Numerics;

namespace Mfn.Core.Randomness;

/// <summary>Turns a seed of any size into well-mixed generator state, with the same bits as numpy's <c>SeedSequence</c>.</summary>
/// <remarks>
/// The hash is M. E. O'Neill's <c>seed_seq</c> alternative ("Developing a seed_seq Alternative", 2015), which numpy adopted.
/// </remarks>
internal static class SeedSequence
{
    private const int PoolSize = 4;

    /// <summary>Fills <paramref name="destination"/> with the state words of a non-negative seed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The seed is negative.</exception>
    public static void GenerateState(BigInteger seed, Span<ulong> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);

        var pool = MixPool(ToWords(seed));
        var constant = 0x8B51F9DDu;
        for (var i = 0; i < destination.Length; i++)
        {
            ulong low = NextWord(2 * i);
            ulong high = NextWord((2 * i) + 1);
            destination[i] = low | (high << 32);
        }

        uint NextWord(int index)
        {
            var value = pool[index % PoolSize] ^ constant;
            constant *= 0x58F38DEDu;
            value *= constant;
            return value ^ (value >> 16);
        }
    }

    /// <summary>The 32-bit words of a seed, least significant first; zero has one word.</summary>
    private static uint[] ToWords(BigInteger seed)
    {
        var bytes = seed.ToByteArray(isUnsigned: true);
        var words = new uint[(bytes.Length + 3) / 4];
        for (var i = 0; i < bytes.Length; i++)
        {
            words[i / 4] |= (uint)bytes[i] << (8 * (i % 4));
        }

        return words;
    }

    private static uint[] MixPool(uint[] words)
    {
        var pool = new uint[PoolSize];
        var constant = 0x43B0D7E5u;

        for (var i = 0; i < PoolSize; i++)
        {
            pool[i] = Hash(i < words.Length ? words[i] : 0);
        }

        for (var source = 0; source < PoolSize; source++)
        {
            for (var destination = 0; destination < PoolSize; destination++)
            {
                if (source != destination)
                {
                    pool[destination] = Mix(pool[destination], Hash(pool[source]));
                }
            }
        }

        foreach (var word in words.AsSpan(Math.Min(PoolSize, words.Length)))
        {
            for (var destination = 0; destination < PoolSize; destination++)
            {
                pool[destination] = Mix(pool[destination], Hash(word));
            }
        }

        return pool;

        // The constant runs on through all three stages.
        uint Hash(uint value)
        {
            value ^= constant;
            constant *= 0x931E8875u;
            value *= constant;
            return value ^ (value >> 16);
        }

        static uint Mix(uint x, uint y)
        {
            var result = (0xCA01F9DDu * x) - (0x4973F715u * y);
            return result ^ (result >> 16);
        }
    }
}
