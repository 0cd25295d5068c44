using BenchmarkDotNet.Attributes;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;

namespace Mfn.Benchmarks;

/// <summary>One step of a field, with each boundary and with jitter.</summary>
[MemoryDiagnoser]
public class SimulationBenchmarks
{
    private Action _takeStep = null!;

    [Params(64, 256, 1024)]
    public int GridSize { get; set; }

    [Params(Boundary.Periodic, Boundary.Neumann, Boundary.Dirichlet)]
    public Boundary Boundary { get; set; }

    [Params(false, true)]
    public bool IsJitterEnabled { get; set; }

    [GlobalSetup]
    public void Setup() => _takeStep = new SimulationEngine(new SimulationSpec
    {
        Variant = SimulationVariant.Engine,
        GridSize = GridSize,
        Boundary = Boundary,
        IsJitterEnabled = IsJitterEnabled,
    }).TakeStep;

    [Benchmark]
    public void TakeStep() => _takeStep();
}
