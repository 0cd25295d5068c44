using Mfn.Core.Simulation;

namespace Mfn.Benchmarks;

/// <summary>The field step alone, without growth events and jitter, several steps at once as between two frames.</summary>
internal static class StepMeasurements
{
    private const int PeerSteps = 16;

    /// <summary>The sizes and threads of the C peer.</summary>
    public static void MeasureSteps(TextWriter output)
    {
        foreach (var (grid, steps) in new[] { (64, 2000), (256, 208), (1024, PeerSteps), (2048, PeerSteps) })
        {
            Measure(output, "rd-step", grid, steps, Precision.Binary64, threads: 1);
            Measure(output, "rd-step", grid, steps, Precision.Binary32, threads: 1);
        }

        foreach (var (grid, steps) in new[] { (256, 208), (1024, PeerSteps) })
        {
            Measure(output, "rd-step", grid, steps, Precision.Binary64, threads: 2);
        }
    }

    /// <summary>How the cost of a cell changes with the size of the field.</summary>
    public static void MeasureScaling(TextWriter output)
    {
        foreach (var threads in new[] { 1, 2 })
        {
            foreach (var precision in Enum.GetValues<Precision>())
            {
                for (var grid = 64; grid <= 4096; grid *= 2)
                {
                    Measure(output, "scaling", grid, Math.Max(PeerSteps, 8_000_000 / (grid * grid)), precision, threads);
                }
            }
        }
    }

    private static void Measure(TextWriter output, string kernel, int grid, int steps, Precision precision, int threads)
    {
        var spec = new SimulationSpec { GridSize = grid, SpikeProbability = 0.0, Precision = precision };
        using var engine = new SimulationEngine(spec, StepHelpers.FromThreadPool(threads - 1));
        var seconds = QuickMode.BestSeconds(7, () => engine.Advance(steps));
        var cells = (double)grid * grid * steps;
        var type = precision == Precision.Binary64 ? "f64" : "f32";
        QuickMode.Write(output, $$"""
            {"kernel":"{{kernel}}","type":"{{type}}","grid":{{grid}},"threads":{{threads}},"ns_per_cell":{{seconds / cells * 1e9:F4}},"cells_per_second":{{cells / seconds:F0}}}
            """);
    }
}
