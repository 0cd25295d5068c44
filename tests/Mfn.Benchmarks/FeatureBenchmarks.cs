using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Mfn.Core.Features;
using Mfn.Core.Fractals;
using Mfn.Core.Statistics;

namespace Mfn.Benchmarks;

/// <summary>What describes one field: its features, statistics and box counts.</summary>
[MemoryDiagnoser]
public class FeatureBenchmarks
{
    private double[] _field = null!;
    private ImmutableArray<BoxMesh> _boxMeshes;
    private FeatureExtractor _extractor = null!;

    [Params(64, 256, 512)]
    public int Extent { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _field = FeatureSample.HalfActive(Extent).History;
        _boxMeshes = FeatureOptions.Default.BoxMeshesFor(Extent, Extent);
        _extractor = new FeatureExtractor(Extent, Extent);
        _extractor.Add(_field);
    }

    [Benchmark]
    public void Add() => _extractor.Add(_field);

    [Benchmark]
    public FeatureVector Extract() => _extractor.Extract();

    [Benchmark]
    public FieldStatistics Statistics() => FieldStatistics.Of(_field);

    [Benchmark]
    public BoxCountingDimension BoxDimension() => BoxCountingDimension.MeasureAbove(-0.06, _field, Extent, Extent, _boxMeshes);
}
