using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;

namespace Mfn.Benchmarks;

/// <summary>Steps of kinetics that form patterns, without noise, several at once as between two frames.</summary>
internal static class PatternMeasurements
{
    private const int PeerSteps = 16;

    /// <summary>The sizes and the setting of the C peer.</summary>
    public static void MeasureGrayScott(TextWriter output)
    {
        var kinetics = new KineticsSpec(KineticsModel.Find("gray-scott")!);
        foreach (var (grid, steps) in new[] { (64, 2000), (256, 208), (1024, PeerSteps), (2048, PeerSteps) })
        {
            Measure(output, "gray-scott", kinetics, grid, steps, Precision.Binary64, Integrator.Euler, threads: 1);
            Measure(output, "gray-scott", kinetics, grid, steps, Precision.Binary32, Integrator.Euler, threads: 1);
        }

        Measure(output, "gray-scott", kinetics, 1024, PeerSteps, Precision.Binary64, Integrator.Euler, threads: 2);
    }

    /// <summary>Every model and precision, at a field that stays in the cache and one that does not, by both integrators.</summary>
    public static void MeasureKinetics(TextWriter output)
    {
        foreach (var model in KineticsModel.All)
        {
            foreach (var precision in Enum.GetValues<Precision>())
            {
                foreach (var (grid, steps) in new[] { (128, 512), (1024, PeerSteps) })
                {
                    var kernel = $"kinetics-{model.Name}";
                    Measure(output, kernel, new KineticsSpec(model), grid, steps, precision, Integrator.Euler, threads: 1);
                    if (model is not SwiftHohenberg)
                    {
                        Measure(output, $"{kernel}-adi", new KineticsSpec(model), grid, steps, precision, Integrator.Adi, threads: 1);
                    }
                }
            }
        }
    }

    private static void Measure(
        TextWriter output, string kernel, KineticsSpec kinetics, int grid, int steps, Precision precision, Integrator integrator, int threads)
    {
        var spec = new SimulationSpec
        {
            Precision = precision,
            Pattern = PatternSpec.Of(kinetics) with
            {
                RowCount = grid,
                ColumnCount = grid,
                Integrator = integrator,
                Initial = kinetics.Model is GrayScott ? new InitialPattern { Fields = [PeersStart(grid, 1, 0.5), PeersStart(grid, 0, 0.25)] } : kinetics.Model.DefaultInitial,
            },
        };
        using var engine = new SimulationEngine(spec, StepHelpers.FromThreadPool(threads - 1));
        var seconds = QuickMode.BestSeconds(7, () => engine.Advance(steps));
        var cells = (double)grid * grid * steps;
        var type = precision == Precision.Binary64 ? "f64" : "f32";
        QuickMode.Write(output, $$"""
            {"kernel":"{{kernel}}","type":"{{type}}","grid":{{grid}},"threads":{{threads}},"ns_per_cell":{{seconds / cells * 1e9:F4}},"cells_per_second":{{cells / seconds:F0}}}
            """);
    }

    /// <summary>A square of another concentration. Noise far from it would die out into numbers so small that processors are slow with them.</summary>
    private static Field PeersStart(int grid, double outside, double inside)
    {
        var field = new Field(grid, grid);
        for (var row = 0; row < grid; row++)
        {
            for (var column = 0; column < grid; column++)
            {
                field[row, column] = Math.Min(row, column) >= grid / 3 && Math.Max(row, column) < grid / 2 ? inside : outside;
            }
        }

        return field;
    }
}
