using BenchmarkDotNet.Attributes;
using Mfn.Core.Fractals;

namespace Mfn.Benchmarks;

/// <summary>A random iterated function system and its orbit.</summary>
[MemoryDiagnoser]
public class IfsBenchmarks
{
    [Params(10_000, 100_000)]
    public int PointCount { get; set; }

    [Benchmark]
    public IfsOrbit Generate() => IfsOrbit.Generate(new IfsSpec { PointCount = PointCount });
}
