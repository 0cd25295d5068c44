using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Randomness;

/// <summary>The draws of numpy's <c>default_rng(seed)</c>, bit for bit and in the same order. Not thread-safe.</summary>
public sealed partial class RandomGenerator
{
    private const double TwoToMinus53 = 1.0 / 9007199254740992.0;

    private readonly Pcg64 _bits;

    /// <summary>A generator at the start of its seed's stream.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The seed is negative.</exception>
    public RandomGenerator(BigInteger seed) => _bits = new Pcg64(seed);

    /// <summary>A generator that goes on where another one was when its <see cref="State"/> was read.</summary>
    /// <exception cref="ArgumentException">The state's increment is even.</exception>
    public RandomGenerator(Pcg64State state) => _bits = new Pcg64(state);

    /// <summary>The state before the next draw.</summary>
    /// <exception cref="ArgumentException">The increment is even.</exception>
    public Pcg64State State
    {
        get => _bits.State;
        set => _bits.State = value;
    }

    /// <summary>Draws 64 uniform bits.</summary>
    public ulong NextUInt64() => _bits.NextUInt64();

    /// <summary>Draws a uniform double in [0, 1).</summary>
    public double NextDouble() => ToDouble(_bits.NextUInt64());

    /// <summary>Draws a uniform double in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double Uniform(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>Draws from the normal distribution with the given mean and standard deviation.</summary>
    public double Normal(double mean, double standardDeviation) => mean + (standardDeviation * StandardNormal());

    /// <summary>Draws from the standard normal distribution by the ziggurat method.</summary>
    public double StandardNormal()
    {
        double value;
        while (!TryPickNormal(_bits.NextUInt64(), out value, out var layer, out var magnitude)
            && !TryAcceptAtRim(layer, magnitude, ref value))
        {
        }

        return value;
    }

    /// <summary>Draws the same values as one <see cref="StandardNormal"/> after the other, faster.</summary>
    public void FillStandardNormal(Span<double> destination)
    {
        ref var stream = ref _bits.Stream;
        var draws = stream;
        foreach (ref var value in destination)
        {
            if (!TryPickNormal(draws.Next(), out value, out var layer, out var magnitude))
            {
                // One in a hundred: the rim draws on, from the generator itself.
                stream = draws;
                value = TryAcceptAtRim(layer, magnitude, ref value) ? value : StandardNormal();
                draws = stream;
            }
        }

        stream = draws;
    }

    /// <summary>Draws the same values as one <see cref="Normal"/> after the other, faster.</summary>
    public void FillNormal(double mean, double standardDeviation, Span<double> destination)
    {
        FillStandardNormal(destination);
        foreach (ref var value in destination)
        {
            value = mean + (standardDeviation * value);
        }
    }

    /// <summary>Draws the same values as one <see cref="Uniform"/> after the other, faster.</summary>
    // Inlined, or not yet compiled for good, the copy of the stream does not stay in registers: five times the time.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public void FillUniform(double low, double high, Span<double> destination)
    {
        var draws = _bits.Stream;
        foreach (ref var value in destination)
        {
            value = low + ((high - low) * ToDouble(draws.Next()));
        }

        _bits.Stream = draws;
    }

    /// <summary>Draws a uniform integer in [<paramref name="low"/>, <paramref name="high"/>). A range of one value draws nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty.</exception>
    public long NextInt64(long low, long high)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(low, high);
        return unchecked(low + (long)Bounded((ulong)high - (ulong)low - 1));
    }

    /// <summary>Draws one item uniformly. A single item is returned without a draw.</summary>
    /// <exception cref="ArgumentException">There are no items.</exception>
    public T Choice<T>(ReadOnlySpan<T> items)
    {
        if (items.IsEmpty)
        {
            throw new ArgumentException("There must be at least one item.", nameof(items));
        }

        return items[(int)Bounded((ulong)items.Length - 1)];
    }

    /// <summary>
    /// Draws <paramref name="count"/> distinct integers from [0, <paramref name="population"/>), in numpy's order of
    /// <c>choice(population, count, replace=False)</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or larger than the population.</exception>
    public int[] ChoiceWithoutReplacement(int population, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, population);

        const int LargestPopulationForFloyd = 10_000;
        const int LargestShareForFloyd = 50;
        return population > LargestPopulationForFloyd && count > population / LargestShareForFloyd
            ? ChooseByTailShuffle(population, count)
            : ChooseByFloyd(population, count);
    }

    private int[] ChooseByTailShuffle(int population, int count)
    {
        var items = new int[population];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = i;
        }

        Shuffle(items, Math.Max(population - count, 1));
        return items[^count..];
    }

    private int[] ChooseByFloyd(int population, int count)
    {
        var chosen = new int[count];
        var taken = new HashSet<int>(count);
        for (var i = 0; i < count; i++)
        {
            var last = population - count + i;
            var drawn = (int)Bounded((ulong)last);
            chosen[i] = taken.Add(drawn) ? drawn : last;
            taken.Add(chosen[i]);
        }

        Shuffle(chosen, 1);
        return chosen;
    }

    /// <summary>Fisher and Yates' shuffle from the end down to the index <paramref name="first"/>.</summary>
    private void Shuffle(Span<int> items, int first)
    {
        for (var i = items.Length - 1; i >= first; i--)
        {
            var j = (int)Bounded((ulong)i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static double ToDouble(ulong bits) => (bits >> 11) * TwoToMinus53;

    /// <summary>Makes a candidate of 64 bits: 8 choose the layer, one the sign and 52 the place. Whether it surely lies under the density.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryPickNormal(ulong bits, out double value, out int layer, out ulong magnitude)
    {
        const int SignBitToSignOfDouble = 55;
        layer = (byte)bits;
        magnitude = (bits >> 9) & 0x000F_FFFF_FFFF_FFFF;
        var sign = (bits & 0x100) << SignBitToSignOfDouble;
        var x = (long)magnitude * ZigguratTables.Widths[layer];

        // The sign is a coin's toss, which a branch would mispredict every other time.
        value = BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(x) | sign);
        return magnitude < ZigguratTables.Thresholds[layer];
    }

    /// <summary>Decides by more draws about a candidate at the rim of its layer, which becomes one of the tail in the lowest layer.</summary>
    private bool TryAcceptAtRim(int layer, ulong magnitude, ref double value)
    {
        if (layer == 0)
        {
            value = NormalTail(isNegative: (magnitude & 0x100) != 0);
            return true;
        }

        var above = ZigguratTables.Densities[layer - 1];
        var below = ZigguratTables.Densities[layer];
        return ((above - below) * NextDouble()) + below < Math.Exp(-0.5 * value * value);
    }

    private double NormalTail(bool isNegative)
    {
        while (true)
        {
            var x = -ZigguratTables.InverseTailStart * LogOnePlus.Compute(-NextDouble());
            var y = -LogOnePlus.Compute(-NextDouble());
            if (y + y > x * x)
            {
                return isNegative ? -(ZigguratTables.TailStart + x) : ZigguratTables.TailStart + x;
            }
        }
    }

    /// <summary>Draws a uniform integer in [0, <paramref name="largest"/>] without bias.</summary>
    /// <remarks>D. Lemire, "Fast Random Integer Generation in an Interval", 2019.</remarks>
    private ulong Bounded(ulong largest) => largest switch
    {
        0 => 0,
        uint.MaxValue => _bits.NextUInt32(),
        ulong.MaxValue => _bits.NextUInt64(),
        < uint.MaxValue => Bounded32((uint)largest),
        _ => Bounded64(largest),
    };

    private uint Bounded32(uint largest)
    {
        var count = largest + 1;
        var product = (ulong)_bits.NextUInt32() * count;
        if ((uint)product < count)
        {
            var threshold = (uint.MaxValue - largest) % count;
            while ((uint)product < threshold)
            {
                product = (ulong)_bits.NextUInt32() * count;
            }
        }

        return (uint)(product >> 32);
    }

    private ulong Bounded64(ulong largest)
    {
        var count = largest + 1;
        var high = Math.BigMul(_bits.NextUInt64(), count, out var low);
        if (low < count)
        {
            var threshold = (ulong.MaxValue - largest) % count;
            while (low < threshold)
            {
                high = Math.BigMul(_bits.NextUInt64(), count, out low);
            }
        }

        return high;
    }
}
