namespace Mfn.Core.Randomness;

public sealed partial class RandomGenerator
{
    /// <summary>
    /// Draws the same integers in [0, <paramref name="count"/>) as one <see cref="NextInt64"/> after the other, faster. A count of one draws
    /// nothing.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public void FillIntegers(int count, Span<int> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (count == 1)
        {
            destination.Clear();
            return;
        }

        var filledCount = 0;
        while (filledCount < destination.Length && _bits.State.BufferedHalf is not null)
        {
            destination[filledCount++] = (int)Bounded32((uint)count - 1);
        }

        filledCount += FillFromPairs((uint)count, destination[filledCount..]);
        while (filledCount < destination.Length)
        {
            destination[filledCount++] = (int)Bounded32((uint)count - 1);
        }
    }

    /// <summary>Uses up both halves of each 64-bit draw, and stops when there is room for one integer at most. Returns how many it drew.</summary>
    private int FillFromPairs(uint count, Span<int> destination)
    {
        var draws = _bits.Stream;
        var threshold = (uint.MaxValue - count + 1) % count;
        var filledCount = 0;
        while (filledCount < destination.Length - 1)
        {
            var bits = draws.Next();
            var product = (bits & uint.MaxValue) * count;
            destination[filledCount] = (int)(product >> 32);
            filledCount += (uint)product >= threshold ? 1 : 0;

            product = (bits >> 32) * count;
            destination[filledCount] = (int)(product >> 32);
            filledCount += (uint)product >= threshold ? 1 : 0;
        }

        _bits.Stream = draws;
        return filledCount;
    }
}
