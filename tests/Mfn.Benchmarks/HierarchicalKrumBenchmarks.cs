using BenchmarkDotNet.Attributes;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Benchmarks;

/// <summary>Hierarchical Krum with the reference's clusters, and with as many clients as only it can take.</summary>
[MemoryDiagnoser]
public class HierarchicalKrumBenchmarks
{
    private UpdateSet _updates = null!;
    private HierarchicalKrum _rule = null!;

    [Params("1000 x 10000 in 100", "100000 x 16 in 1000")]
    public string Size { get; set; } = "";

    [Params(1, 2)]
    public int ThreadCount { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var isWide = Size.StartsWith("1000 ", StringComparison.Ordinal);
        _updates = isWide ? AggregationMeasurements.RandomUpdates(1000, 10_000) : AggregationMeasurements.RandomUpdates(100_000, 16);
        _rule = new HierarchicalKrum(new HierarchicalKrumSpec { ClusterCount = isWide ? 100 : 1000 });
    }

    [Benchmark]
    public AggregationResult Aggregate() => _rule.Aggregate(_updates, 0, ThreadCount);
}
