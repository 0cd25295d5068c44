using System.Numerics;
using System.Runtime.InteropServices;
using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Benchmarks;

/// <summary>The aggregation's kernels and rules, the distances with the names and parameters of krum_peer.</summary>
internal static class AggregationMeasurements
{
    private static readonly int[] ThreadCounts = [.. new[] { 1, Environment.ProcessorCount }.Distinct()];

    public static void MeasureDistances(TextWriter output)
    {
        const int Count = 100;
        foreach (var length in new[] { 100_000, 1_000_000 })
        {
            var updates = RandomUpdates(Count, length);
            foreach (var threadCount in ThreadCounts)
            {
                var seconds = QuickMode.BestSeconds(5, () => PairwiseDistances.Between(updates, threadCount));
                var pairs = 0.5 * Count * (Count - 1);
                QuickMode.Write(output, $$"""
                    {"kernel":"pairwise-sq-distance","type":"f32","n":{{Count}},"d":{{length}},"threads":{{threadCount}},"seconds":{{seconds:F6}},"pair_components_per_second":{{pairs * length / seconds:G4}}}
                    """);
            }
        }
    }

    public static void MeasureKrum(TextWriter output)
    {
        const int Count = 100;
        const int Byzantine = 20;
        foreach (var length in new[] { 10_000, 100_000, 1_000_000 })
        {
            var updates = RandomUpdates(Count, length);
            foreach (var threadCount in ThreadCounts)
            {
                var seconds = QuickMode.BestSeconds(5, () => new Krum().Aggregate(updates, Byzantine, threadCount));
                QuickMode.Write(output, $$"""
                    {"kernel":"krum","n":{{Count}},"d":{{length}},"f":{{Byzantine}},"threads":{{threadCount}},"seconds":{{seconds:G6}}}
                    """);
            }
        }
    }

    public static void MeasureHierarchicalKrum(TextWriter output)
    {
        (int Count, int Length, int Clusters, KrumVariant Variant)[] cases =
        [
            (1000, 10_000, 100, KrumVariant.MfnV41Compat),
            (1000, 10_000, 10, KrumVariant.MfnV41Compat),
            (1000, 10_000, 100, KrumVariant.Blanchard2017),
            (100_000, 16, 1000, KrumVariant.Blanchard2017),
            (1_000_000, 16, 5000, KrumVariant.Blanchard2017),
        ];
        foreach (var (count, length, clusters, variant) in cases)
        {
            var updates = RandomUpdates(count, length);
            var rule = new HierarchicalKrum(new HierarchicalKrumSpec { Variant = variant, ClusterCount = clusters });
            foreach (var threadCount in count < 1_000_000 ? ThreadCounts : ThreadCounts[^1..])
            {
                var seconds = QuickMode.BestSeconds(count > 1000 ? 1 : 9, () => rule.Aggregate(updates, 0, threadCount));
                var megabytes = (AllocatedBytes(() => rule.Aggregate(updates, 0, threadCount)) + 500_000) / 1_000_000;
                QuickMode.Write(output, $$"""
                    {"kernel":"hierarchical-krum","variant":"{{variant}}","n":{{count}},"d":{{length}},"clusters":{{clusters}},"threads":{{threadCount}},"seconds":{{seconds:G6}},"allocated_megabytes":{{megabytes}}}
                    """);
            }
        }
    }

    /// <summary>The floor is the sum of all components, which reads them once and does nothing else that takes time.</summary>
    public static void MeasureCoordinateWise(TextWriter output)
    {
        const int Count = 100;
        const int Length = 1_000_000;
        const int Byzantine = 20;
        var rows = RandomRows(Count, Length);
        var updates = Admission.AdmitRows(rows, Length);
        (string Name, Action<int> Action)[] rules =
        [
            ("floor", threadCount => Sum(rows, threadCount)),
            ("median", threadCount => new CoordinateWiseMedian().Aggregate(updates, Byzantine, threadCount)),
            ("trimmed-mean", threadCount => new TrimmedMean().Aggregate(updates, Byzantine, threadCount)),
            ("meamed", threadCount => new Meamed().Aggregate(updates, Byzantine, threadCount)),
        ];
        foreach (var threadCount in ThreadCounts)
        {
            var floor = 0.0;
            foreach (var (name, action) in rules)
            {
                var seconds = QuickMode.BestSeconds(5, () => action(threadCount));
                floor = name == "floor" ? seconds : floor;
                QuickMode.Write(output, $$"""
                    {"kernel":"coordinate-wise","rule":"{{name}}","n":{{Count}},"d":{{Length}},"f":{{Byzantine}},"threads":{{threadCount}},"seconds":{{seconds:G6}},"times_floor":{{seconds / floor:F2}}}
                    """);
            }
        }
    }

    internal static UpdateSet RandomUpdates(int count, int length) => Admission.AdmitRows(RandomRows(count, length), length);

    private static float[] RandomRows(int count, int length)
    {
        var random = new Random(1);
        var rows = new float[count * length];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = random.NextSingle() - 0.5f;
        }

        return rows;
    }

    private static float Sum(float[] rows, int threadCount)
    {
        var sums = new float[threadCount];
        Parallel.For(0, threadCount, thread =>
        {
            var vectors = MemoryMarshal.Cast<float, Vector<float>>(rows.AsSpan(
                rows.Length / threadCount * thread, rows.Length / threadCount));
            var (sum0, sum1, sum2, sum3) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
            for (var i = 0; i < vectors.Length - 3; i += 4)
            {
                sum0 += vectors[i];
                sum1 += vectors[i + 1];
                sum2 += vectors[i + 2];
                sum3 += vectors[i + 3];
            }

            sums[thread] = Vector.Sum((sum0 + sum1) + (sum2 + sum3));
        });
        return sums.Sum();
    }

    private static long AllocatedBytes(Action action)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        action();
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
