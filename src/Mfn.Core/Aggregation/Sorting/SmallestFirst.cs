using System.Numerics;
using System.Runtime.InteropServices;

namespace Mfn.Core.Aggregation.Sorting;

/// <summary>
/// Finds the smallest of many values, in their order: they are dealt into buckets by their leading bits, and only the first buckets are
/// sorted. Not thread-safe, as it reuses its memory.
/// </summary>
internal sealed class SmallestFirst(int capacity)
{
    private const int BucketBits = 11;
    private const int BucketCount = 1 << BucketBits;

    // Fewer are sorted before buckets are even emptied.
    private const int ShortLength = 128;
    private const int InsertionLength = 16;

    private readonly double[] _sorted = new double[capacity];
    private readonly int[] _places = new int[BucketCount + 1];

    /// <summary>So many of the values, none of which is negative or NaN, smallest first. Valid until the next call; the values may be reordered.</summary>
    public ReadOnlySpan<double> Of(Span<double> values, int count)
    {
        if (values.Length < ShortLength || count == 0)
        {
            Sort(values);
            return values[..count];
        }

        // Of values that are not negative, the bits are ordered as they are.
        var bits = MemoryMarshal.Cast<double, long>(values);
        var (least, most) = (long.MaxValue, long.MinValue);
        foreach (var each in bits)
        {
            (least, most) = (Math.Min(least, each), Math.Max(most, each));
        }

        var range = (ulong)(most - least);
        var shift = Math.Max(0, 64 - BitOperations.LeadingZeroCount(range) - BucketBits);
        var last = Count(bits, least, shift, count);
        for (var i = 0; i < values.Length; i++)
        {
            var bucket = (int)((bits[i] - least) >> shift);
            if (bucket <= last)
            {
                _sorted[_places[bucket]++] = values[i];
            }
        }

        var start = 0;
        foreach (var end in _places.AsSpan(0, last + 1))
        {
            Sort(_sorted.AsSpan(start, end - start));
            start = end;
        }

        return _sorted.AsSpan(0, count);
    }

    /// <summary>Sets the places where buckets begin; returns the last bucket that has any of the smallest values.</summary>
    private int Count(ReadOnlySpan<long> bits, long least, int shift, int count)
    {
        Array.Clear(_places);
        foreach (var each in bits)
        {
            _places[(int)((each - least) >> shift) + 1]++;
        }

        for (var bucket = 0; ; bucket++)
        {
            _places[bucket + 1] += _places[bucket];
            if (_places[bucket + 1] >= count)
            {
                return bucket;
            }
        }
    }

    private static void Sort(Span<double> bucket)
    {
        if (bucket.Length > InsertionLength)
        {
            bucket.Sort();
            return;
        }

        for (var i = 1; i < bucket.Length; i++)
        {
            var value = bucket[i];
            var place = i;
            for (; place > 0 && bucket[place - 1] > value; place--)
            {
                bucket[place] = bucket[place - 1];
            }

            bucket[place] = value;
        }
    }
}
