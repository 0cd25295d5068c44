using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;

namespace Mfn.Server.Pricing;

/// <content>Rounds.</content>
internal static partial class PriceList
{
    // So many of a round's smallest operations, the difference of two components with its square, are a cell-step.
    private const int DifferencesOfCellStep = 32;

    // In differences.
    private const int ReadComponent = 8;
    private const int AddedComponent = 4;
    private const int ComparedComponent = 2;
    private const int PulledComponent = 64;
    private const int SortedDistance = 16 * DifferencesOfCellStep;

    // A geometric median takes as many steps as it takes; so many are assumed.
    private const int StepsOfGeometricMedian = 64;

    // Of a search that is exponential in f, as far as a number can tell.
    private const int MostDoublings = 24;

    /// <summary>A round of n updates of d components, f of them Byzantine.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="preAggregations">What is done to the updates before, in this order.</param>
    /// <param name="updateCount">n.</param>
    /// <param name="length">d.</param>
    /// <param name="byzantineCount">f.</param>
    /// <param name="threadCount">How many threads work on it; the price does not depend on it.</param>
    public static Price Aggregation(
        IAggregationRule rule, IEnumerable<IPreAggregation> preAggregations, int updateCount, int length, int byzantineCount, int threadCount)
    {
        Int128 n = Math.Max(0, updateCount), d = Math.Max(0, length), f = Math.Max(0, byzantineCount);
        var (serial, parallel) = (n * d * ReadComponent, (Int128)0);
        foreach (var each in preAggregations)
        {
            switch (each)
            {
                case NearestNeighborMixing:
                    parallel += Distances(n, d);
                    serial += (n * n * SortedDistance) + (n * Int128.Max(0, n - f) * d * AddedComponent);
                    break;
                case Bucketing bucketing:
                    serial += n * d * AddedComponent;
                    n = (n + bucketing.BucketSize - 1) / bucketing.BucketSize;
                    break;
                default:
                    serial += n * d * (ReadComponent + AddedComponent);
                    break;
            }
        }

        var (ruleSerial, ruleParallel) = Differences(rule, n, d, f);
        serial += ruleSerial;
        parallel += ruleParallel;
        var cellSteps = (serial + parallel + DifferencesOfCellStep - 1) / DifferencesOfCellStep;
        var seconds = (double)(serial + (parallel / Math.Max(1, threadCount))) / DifferencesOfCellStep * Nanosecond;
        return Price.Of(WorkKind.Of($"round {rule.Precondition.Rule.Split(' ')[0]}", (double)(n * d)), cellSteps, seconds);
    }

    private static (Int128 Serial, Int128 Parallel) Differences(IAggregationRule rule, Int128 n, Int128 d, Int128 f) => rule switch
    {
        Krum or MultiKrum => ((n * n * SortedDistance) + (n * d * AddedComponent), Distances(n, d)),
        HierarchicalKrum hierarchical => Hierarchical(hierarchical.Spec, n, d),
        Bulyan => ((n * n * SortedDistance) + (n * n * Int128.Max(0, n - (2 * f)) * ComparedComponent), Distances(n, d) + (Sorted(n, d) * 3 / 2)),
        MinimumDiameterAveraging => (
            (n * n * SortedDistance) + (n * n * ComparedComponent * Levels(n * n) << (int)Int128.Min(f, MostDoublings)) + (n * d * AddedComponent), Distances(n, d)),
        CoordinateWiseMedian or TrimmedMean => (0, Sorted(n, d)),
        Meamed => (0, Sorted(n, d) * 3 / 2),
        GeometricMedian median => (n * d * PulledComponent * Math.Min(median.MaxStepCount, StepsOfGeometricMedian), Sorted(n, d)),
        CenteredClipping clipping => (n * d * PulledComponent * clipping.StepCount, 0),
        _ => (n * d * AddedComponent, 0),
    };

    private static (Int128 Serial, Int128 Parallel) Hierarchical(HierarchicalKrumSpec spec, Int128 n, Int128 d)
    {
        Int128 clusters = Math.Max(1, spec.ClusterCount);
        var size = (n + clusters - 1) / clusters;
        clusters = Int128.Min(clusters, n);
        return (n * d * AddedComponent, (clusters * (Distances(size, d) + (size * size * SortedDistance))) + Distances(clusters, d) + (clusters * clusters * SortedDistance));
    }

    private static Int128 Distances(Int128 n, Int128 d) => n * n / 2 * d;

    private static Int128 Sorted(Int128 n, Int128 d) => n * d * ComparedComponent * (2 + Levels(n));

    private static int Levels(Int128 n) => n <= 1 ? 0 : (int)Int128.Log2(n - 1) + 1;
}
