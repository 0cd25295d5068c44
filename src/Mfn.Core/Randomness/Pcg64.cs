using System.Numerics;

namespace Mfn.Core.Randomness;

/// <summary>The PCG-XSL-RR 128/64 generator, with the same bits as numpy's <c>PCG64</c>. Not thread-safe.</summary>
/// <remarks>M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms", 2014.</remarks>
public sealed class Pcg64
{
    private Pcg64Stream _stream;
    private uint? _bufferedHalf;

    /// <summary>A generator seeded as numpy's <c>default_rng(seed)</c> seeds it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The seed is negative.</exception>
    public Pcg64(BigInteger seed)
    {
        Span<ulong> words = stackalloc ulong[4];
        SeedSequence.GenerateState(seed, words);

        var increment = (new UInt128(words[2], words[3]) << 1) | 1;
        var start = new Pcg64Stream(UInt128.Zero, increment);
        start.Advance();
        _stream = new Pcg64Stream(start.State + new UInt128(words[0], words[1]), increment);
        _stream.Advance();
    }

    /// <summary>A generator that goes on where another one was when its <see cref="State"/> was read.</summary>
    /// <exception cref="ArgumentException">The increment is even, which no generator of this kind has.</exception>
    public Pcg64(Pcg64State state) => State = state;

    /// <summary>The state before the next draw.</summary>
    /// <exception cref="ArgumentException">The increment is even, which no generator of this kind has.</exception>
    public Pcg64State State
    {
        get => new(_stream.State, _stream.Increment, _bufferedHalf);
        set
        {
            if (UInt128.IsEvenInteger(value.Increment))
            {
                throw new ArgumentException($"The increment must be odd, but was {value.Increment}.", nameof(value));
            }

            _stream = new Pcg64Stream(value.State, value.Increment);
            _bufferedHalf = value.BufferedHalf;
        }
    }

    /// <summary>The 64-bit draws; they do not touch a buffered half.</summary>
    internal ref Pcg64Stream Stream => ref _stream;

    /// <summary>Draws 64 bits. A buffered 32-bit half stays where it is.</summary>
    public ulong NextUInt64() => _stream.Next();

    /// <summary>Draws 32 bits: the buffered half of the previous such draw if there is one, else the low half of a new 64-bit draw.</summary>
    public uint NextUInt32()
    {
        if (_bufferedHalf is { } half)
        {
            _bufferedHalf = null;
            return half;
        }

        var value = NextUInt64();
        _bufferedHalf = (uint)(value >> 32);
        return (uint)value;
    }
}
