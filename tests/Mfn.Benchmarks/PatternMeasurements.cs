using System.Diagnostics;
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

    /// <summary>Every model and precision, at fields that stay in the first and second cache and one that does not, by both integrators.</summary>
    public static void MeasureKinetics(TextWriter output)
    {
        foreach (var model in KineticsModel.All)
        {
            foreach (var precision in Enum.GetValues<Precision>())
            {
                foreach (var (grid, steps) in new[] { (64, 1024), (256, 64), (1024, PeerSteps) })
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

    /// <summary>
    /// The seconds that each integrator takes until a time of the model with an error in time of at most 1e-4 of the largest value: the time step is
    /// halved until it is small enough. What errors are measured from is Euler's result extrapolated from two time steps far below its bound.
    /// </summary>
    public static void MeasureTimeToError(TextWriter output)
    {
        const int Grid = 64;
        const double Tolerance = 1e-4;
        foreach (var (name, end) in new[] { ("brusselator", 2.0), ("gray-scott", 200.0) })
        {
            var kinetics = new KineticsSpec(KineticsModel.Find(name)!);
            var pattern = PatternSpec.Of(kinetics) with { RowCount = Grid, ColumnCount = Grid };
            var leastSteps = (int)Math.Ceiling(end / pattern.LargestStableTimeStep);
            var (coarse, fine) = (Run(pattern, end, 256 * leastSteps).U, Run(pattern, end, 512 * leastSteps).U);
            var exact = fine.Zip(coarse, (better, worse) => (2 * better) - worse).ToArray();
            var largest = exact.Max(Math.Abs);
            foreach (var integrator in Enum.GetValues<Integrator>())
            {
                for (var steps = integrator == Integrator.Euler ? leastSteps : Math.Max(leastSteps / 64, 1); steps <= 2048 * leastSteps; steps *= 2)
                {
                    var (u, seconds) = Run(pattern with { Integrator = integrator }, end, steps);
                    var error = u.Zip(exact, (computed, value) => Math.Abs(computed - value)).Max() / largest;
                    if (error <= Tolerance)
                    {
                        var method = integrator == Integrator.Euler ? "euler" : "adi";
                        QuickMode.Write(output, $$"""
                            {"kernel":"time-to-error","case":"{{name}}-{{method}}","grid":{{Grid}},"steps":{{steps}},"time_step":{{end / steps:G4}},"error":{{error:G3}},"seconds":{{seconds:G4}}}
                            """);
                        break;
                    }
                }
            }
        }
    }

    private static (double[] U, double Seconds) Run(PatternSpec pattern, double end, int steps)
    {
        var spec = new SimulationSpec { Pattern = pattern with { TimeStep = end / steps } };
        var (best, u) = (double.PositiveInfinity, Array.Empty<double>());
        for (var i = 0; i < 3; i++)
        {
            using var engine = new SimulationEngine(spec);
            var started = Stopwatch.GetTimestamp();
            try
            {
                engine.Advance(steps);
            }
            catch (NonFiniteFieldException)
            {
                // Reactions may need a smaller time step than diffusion does.
                return ([.. Enumerable.Repeat(double.PositiveInfinity, pattern.CellCount)], double.PositiveInfinity);
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
            u = engine.Species(0).ToArray();
        }

        return (u, best);
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
        var helpers = StepHelpers.FromThreadPool(threads - 1);
        SimulationState start;
        using (var engine = new SimulationEngine(spec, helpers))
        {
            // Until the loops are compiled for good.
            start = engine.Capture();
            QuickMode.BestSeconds(1, () => engine.Advance(steps));
        }

        // From the start each time, as the peer: what a field has become makes steps dearer or cheaper.
        var seconds = double.PositiveInfinity;
        for (var i = 0; i < 7; i++)
        {
            using var engine = SimulationEngine.Restore(spec, start, helpers);
            var started = Stopwatch.GetTimestamp();
            engine.Advance(steps);
            seconds = Math.Min(seconds, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

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
