namespace Mfn.Server.Aggregation;

/// <summary>Upper bounds in bytes on what aggregation holds beside vectors, for n updates.</summary>
internal static class WorkingMemory
{
    // A node of a sorted set, which minimum-diameter averaging makes of every distance.
    private const double BytesPerNode = 64;

    public static Func<double, double> None { get; } = _ => 0;

    /// <summary>n² distances, and a panel of as many partial sums for every thread.</summary>
    public static Func<double, double> Distances(int threadCount) => n => n * n * sizeof(double) * (1 + threadCount);

    /// <summary>The distances, and all neighbours of every update in order.</summary>
    public static Func<double, double> Neighbors(int threadCount) => n => Distances(threadCount)(n) + (n * n * sizeof(int));

    /// <summary>The distances, and a set of them.</summary>
    public static Func<double, double> DistanceSet(int threadCount) => n => Distances(threadCount)(n) + (n * n * BytesPerNode);

    /// <summary>The distances within a cluster, which may be drawn larger than others, or among the clusters' representatives.</summary>
    public static Func<double, double> Clusters(int clusterCount, int threadCount) =>
        n => Distances(threadCount)(Math.Max(Math.Min(n, (2 * n / clusterCount) + 64), Math.Min(n, clusterCount)));
}
