using BenchmarkDotNet.Attributes;
using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Benchmarks;

/// <summary>The distances that Krum and its relatives need, and the rules that decide by component.</summary>
[MemoryDiagnoser]
public class AggregationBenchmarks
{
    private const int Count = 100;
    private const int Byzantine = 20;

    private UpdateSet _updates = null!;

    [Params(10_000, 1_000_000)]
    public int Length { get; set; }

    [Params(1, 2)]
    public int ThreadCount { get; set; }

    [GlobalSetup]
    public void Setup() => _updates = AggregationMeasurements.RandomUpdates(Count, Length);

    [Benchmark]
    public PairwiseDistances Distances() => PairwiseDistances.Between(_updates, ThreadCount);

    [Benchmark]
    public AggregationResult Krum() => new Krum().Aggregate(_updates, Byzantine, ThreadCount);

    [Benchmark]
    public AggregationResult Median() => new CoordinateWiseMedian().Aggregate(_updates, Byzantine, ThreadCount);

    [Benchmark]
    public AggregationResult TrimmedMean() => new TrimmedMean().Aggregate(_updates, Byzantine, ThreadCount);

    [Benchmark]
    public AggregationResult Meamed() => new Meamed().Aggregate(_updates, Byzantine, ThreadCount);
}
