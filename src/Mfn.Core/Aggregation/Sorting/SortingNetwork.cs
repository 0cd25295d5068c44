using System.Numerics;
using System.Runtime.Intrinsics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Aggregation.Sorting;

/// <summary>
/// Sorts the columns of a small matrix, a vector of columns at a time: the comparisons are the same whatever the values, so that there
/// are no branches to mispredict. Steps that cannot reach the rows that are wanted are left out.
/// </summary>
/// <remarks>
/// K. E. Batcher, "Sorting networks and their applications", 1968: bitonic merges, for any number of rows as if those that are missing
/// were infinite. They take more comparisons than odd-even merges, but these fall into equal groups that are made in registers, where
/// loads and stores would otherwise take most of the time. Runs of sixteen are sorted in registers too, by M. W. Green's network, 1969.
/// What is sorted are keys, integers of the floats' order: processors compare these in more places at once, and sooner.
/// </remarks>
internal abstract class SortingNetwork
{
    /// <summary>The columns of a matrix that is sorted.</summary>
    public const int Width = 32;

    /// <summary>The rows of a run.</summary>
    public const int RunLength = 16;

    /// <summary>The network for so many rows, of which those from the first to before the last will be in their places.</summary>
    protected SortingNetwork(int rowCount, int first, int last)
    {
        RunCount = Math.Max(1, (rowCount + RunLength - 1) / RunLength);
        SortedRowCount = (int)BitOperations.RoundUpToPowerOf2((uint)(RunCount * RunLength));
        Steps = Prune(AllSteps(rowCount), SortedRowCount, first, last);
    }

    /// <summary>The runs that are sorted before they are merged.</summary>
    public int RunCount { get; }

    /// <summary>The rows that a matrix must have. Those beyond the last run must be <see cref="int.MaxValue"/>, and stay so.</summary>
    public int SortedRowCount { get; }

    /// <summary>The steps that merge sorted runs.</summary>
    protected SortingStep[] Steps { get; }

    /// <summary>A network of the widest vectors that the processor is fast with.</summary>
    public static SortingNetwork Of(int rowCount, int first, int last) =>
        Vector512.IsHardwareAccelerated ? new SortingNetwork<Bits512<int>>(rowCount, first, last)
        : Vector256.IsHardwareAccelerated ? new SortingNetwork<Bits256<int>>(rowCount, first, last)
        : new SortingNetwork<Bits128<int>>(rowCount, first, last);

    /// <summary>Sorts every column of sixteen rows. No value may be NaN; -0 precedes 0.</summary>
    /// <param name="rows">The rows of values, as long as one another, and several <see cref="Width"/>s.</param>
    /// <param name="keys">Gets the run's rows of keys for the first <see cref="Width"/> columns, those for the next a whole matrix further on.</param>
    public abstract void SortRun(ReadOnlySpan<ReadOnlyMemory<float>> rows, Span<int> keys);

    /// <summary>Puts the wanted rows of a matrix of keys, whose runs are sorted, into their places.</summary>
    public abstract void Merge(Span<int> keys);

    /// <summary>Turns keys into the bits of the floats that they stand for; several <see cref="Width"/>s.</summary>
    public abstract void Restore(Span<int> keys);

    /// <summary>Merges of sorted runs, each three distances at a time while there are as many.</summary>
    private static List<SortingStep> AllSteps(int rowCount)
    {
        var steps = new List<SortingStep>();
        for (var size = RunLength; size < rowCount; size *= 2)
        {
            // A run without another to merge with is as it should be.
            for (var start = 0; start + size < rowCount; start += 2 * size)
            {
                var end = Math.Min(start + (2 * size), rowCount);
                var stride = size / 4;
                for (var i = 0; i < stride; i++)
                {
                    // Nothing changes if the four backwards from the end are all missing.
                    var second = start + size + stride - 1 - i;
                    if (second < rowCount)
                    {
                        steps.Add(new SortingStep(SortingStepKind.MergeEight, start + i, stride, second));
                    }
                }

                while (stride > 1)
                {
                    var (kind, count) = stride switch
                    {
                        16 => (SortingStepKind.HalveSixteen, 16),
                        >= 8 => (SortingStepKind.HalveEight, 8),
                        4 => (SortingStepKind.HalveFour, 4),
                        _ => (SortingStepKind.HalveTwo, 2),
                    };
                    var distance = stride / count;
                    for (var block = start; block < end; block += stride)
                    {
                        for (var i = 0; i < distance; i++)
                        {
                            steps.Add(new SortingStep(kind, block + i, distance, 0));
                        }
                    }

                    stride = distance;
                }
            }
        }

        return steps;
    }

    private static SortingStep[] Prune(List<SortingStep> steps, int rowCount, int first, int last)
    {
        var wanted = new Stack<SortingStep>();
        var isWanted = new bool[rowCount];
        isWanted.AsSpan(first, last - first).Fill(true);
        foreach (var step in Enumerable.Reverse(steps))
        {
            if (step.Rows.Any(row => isWanted[row]))
            {
                foreach (var row in step.Rows)
                {
                    isWanted[row] = true;
                }

                wanted.Push(step);
            }
        }

        return [.. wanted];
    }
}
