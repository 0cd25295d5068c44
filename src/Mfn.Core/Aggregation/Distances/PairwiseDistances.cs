using System.Runtime.CompilerServices;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Distances;

/// <summary>
/// The Euclidean distances between all updates of a round, the same bits on every machine, for any number of threads. They are sums of
/// squared differences, as ‖x‖² + ‖y‖² - 2x·y would cancel all digits of vectors that are close together and far from the origin. Up to
/// <see cref="LargestLengthInDouble"/> components the sums are in double; more are summed in float by blocks of 1024, whose sums are
/// added in double, at a relative error of less than 1e-5 in the worst case and about 1e-8 in practice, as roundings average out.
/// </summary>
public sealed class PairwiseDistances
{
    /// <summary>The largest number of updates: their n² distances must fit into one array.</summary>
    public const int LargestCount = 46_340;

    /// <summary>The largest number of components that are summed in double.</summary>
    public const int LargestLengthInDouble = 16 * 1024;

    // The unit of parallel work.
    internal const int BlocksPerPanel = 8;

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

    /// <summary>The distances between updates. It reads the vectors once and keeps n² sums a thread.</summary>
    /// <param name="updates">The vectors.</param>
    /// <param name="threadCount">How many panels of components are worked on at a time; the distances do not depend on it.</param>
    /// <param name="cancellationToken">Looked at between groups of updates of a block.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are more than <see cref="LargestCount"/> updates.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static PairwiseDistances Between(UpdateSet updates, int threadCount = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        RequireCount(updates.Count);
        using var span = AggregationSpans.StartDistances();
        return updates.Length <= LargestLengthInDouble
            ? Between<double>(updates, threadCount, cancellationToken)
            : Between<float>(updates, threadCount, cancellationToken);
    }

    internal static void RequireCount(int count, [CallerArgumentExpression(nameof(count))] string? name = null)
    {
        if (count is < 0 or > LargestCount)
        {
            throw new ArgumentOutOfRangeException(
                name, count, $"Distances between all updates need n², so there must be between 0 and {LargestCount} updates.");
        }
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

    internal static void Add(ReadOnlySpan<double> panel, double[] squared)
    {
        for (var i = 0; i < squared.Length; i++)
        {
            squared[i] += panel[i];
        }
    }

    /// <summary>The distances between a few updates on one thread, in memory that can be used again.</summary>
    internal static PairwiseDistances BetweenFew(UpdateSet updates, DistanceWorkspace workspace, CancellationToken cancellationToken) =>
        updates.Length <= LargestLengthInDouble
            ? Between(updates, workspace.InDouble, cancellationToken)
            : Between(updates, workspace.InSingle, cancellationToken);

    private static PairwiseDistances Between<T>(UpdateSet updates, DistancePanel<T> panel, CancellationToken cancellationToken)
        where T : unmanaged
    {
        var squared = new double[updates.Count * updates.Count];
        var panelCount = PanelCount<T>(updates.Length);
        for (var i = 0; i < panelCount; i++)
        {
            Add(panel.Sum(updates, i * DistancePanel<T>.Capacity, cancellationToken), squared);
        }

        return FromUpperTriangle(squared, updates.Count);
    }

    private static PairwiseDistances Between<T>(UpdateSet updates, int threadCount, CancellationToken cancellationToken)
        where T : unmanaged
    {
        var panelCount = PanelCount<T>(updates.Length);
        var panels = new DistancePanel<T>[Math.Min(threadCount, panelCount)];
        if (panels.Length == 1)
        {
            return Between(updates, new DistancePanel<T>(updates.Count, updates.Length), cancellationToken);
        }

        var count = updates.Count;
        var squared = new double[count * count];
        for (var first = 0; first < panelCount; first += panels.Length)
        {
            var wave = Math.Min(panels.Length, panelCount - first);
            var start = first * DistancePanel<T>.Capacity;
            var sums = new double[wave][];
            Parallel.For(0, wave, new ParallelOptions { CancellationToken = cancellationToken }, index =>
            {
                panels[index] ??= new DistancePanel<T>(count, updates.Length);
                sums[index] = panels[index].Sum(updates, start + (index * DistancePanel<T>.Capacity), cancellationToken);
            });

            // In their order, however they finished.
            foreach (var sum in sums)
            {
                Add(sum, squared);
            }
        }

        return FromUpperTriangle(squared, count);
    }

    private static int PanelCount<T>(int length)
        where T : unmanaged => (int)(((long)length + DistancePanel<T>.Capacity - 1) / DistancePanel<T>.Capacity);
}
