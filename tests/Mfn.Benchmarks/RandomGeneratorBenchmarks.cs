using BenchmarkDotNet.Attributes;
using Mfn.Core.Randomness;

namespace Mfn.Benchmarks;

/// <summary>Normals drawn one a call, and a buffer a call.</summary>
[MemoryDiagnoser]
public class RandomGeneratorBenchmarks
{
    private readonly RandomGenerator _random = new(1);
    private readonly double[] _values = new double[10_000];

    [Benchmark(Baseline = true)]
    public double StandardNormal()
    {
        foreach (ref var value in _values.AsSpan())
        {
            value = _random.StandardNormal();
        }

        return _values[^1];
    }

    [Benchmark]
    public void FillStandardNormal() => _random.FillStandardNormal(_values);
}
