namespace Mfn.Core.Aggregation;

/// <summary>
/// The Euclidean distances between all updates of a round. They are computed from differences in double, so that a spread of 1e-3 around
/// vectors of norm 1e4 still ranks rightly, and are the same bits on every machine, for any number of threads.
/// </summary>
public sealed class PairwiseDistances
{
    private readonly double[] _squared;

    private PairwiseDistances(double[] squared, int count)
    {
        _squared = squared;
        Count = count;
    }

    /// <summary>n, the number of updates.</summary>
    public int Count { get; }

    /// <summary>The squared distance between two updates.</summary>
    public double Squared(int left, int right) => _squared[(left * Count) + right];

    /// <summary>The squared distances of an update from all, itself included.</summary>
    public ReadOnlySpan<double> SquaredFrom(int update) => _squared.AsSpan(update * Count, Count);

    /// <summary>The distances between updates.</summary>
    /// <param name="updates">The vectors.</param>
    /// <param name="threadCount">How many panels of components are worked on at a time; the distances do not depend on it.</param>
    public static PairwiseDistances Between(UpdateSet updates, int threadCount = 1)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);

        var count = updates.Count;
        var squared = new double[count * count];
        var panelCount = (updates.Length + SquaredDistance.PanelLength - 1) / SquaredDistance.PanelLength;
        var panels = new double[Math.Min(threadCount, panelCount)][];
        for (var first = 0; first < panelCount; first += panels.Length)
        {
            var wave = Math.Min(panels.Length, panelCount - first);
            var start = first;
            if (wave == 1)
            {
                panels[0] = Panel(updates, start, panels[0]);
            }
            else
            {
                Parallel.For(0, wave, i => panels[i] = Panel(updates, start + i, panels[i]));
            }

            foreach (var panel in panels.AsSpan(0, wave))
            {
                for (var i = 0; i < squared.Length; i++)
                {
                    squared[i] += panel[i];
                }
            }
        }

        return FromUpperTriangle(squared, count);
    }

    internal static PairwiseDistances FromUpperTriangle(double[] squared, int count)
    {
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                squared[(i * count) + j] = squared[(j * count) + i];
            }
        }

        return new PairwiseDistances(squared, count);
    }

    /// <summary>The sums of one panel of components; blocks go outside, so that a block of all updates stays in the cache.</summary>
    private static double[] Panel(UpdateSet updates, int panel, double[]? sums)
    {
        var count = updates.Count;
        sums ??= new double[count * count];
        Array.Clear(sums);
        var start = panel * SquaredDistance.PanelLength;
        var end = (int)Math.Min((long)start + SquaredDistance.PanelLength, updates.Length);
        for (var block = start; block < end; block += SquaredDistance.BlockLength)
        {
            var length = Math.Min(SquaredDistance.BlockLength, end - block);
            for (var i = 0; i < count; i++)
            {
                var left = updates[i].Slice(block, length);
                for (var j = i + 1; j < count; j++)
                {
                    sums[(i * count) + j] += SquaredDistance.OfBlock(left, updates[j].Slice(block, length));
                }
            }
        }

        return sums;
    }
}
