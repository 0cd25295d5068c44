using System.Diagnostics;
using System.Globalization;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;

namespace Mfn.Benchmarks;

/// <summary>
/// One JSON object a line for each measurement, with the names and parameters of the C and numpy peers, so that a ratio needs no reading.
/// Like theirs, a time is the best of a few repetitions after a warm-up.
/// </summary>
internal static class QuickMode
{
    private const int NormalCount = 1_000_000;

    /// <summary>Measures the kernels whose name contains the filter.</summary>
    public static void Run(string filter, TextWriter output)
    {
        (string Kernel, Action<TextWriter> Measure)[] measurements =
        [
            ("rd-step", StepMeasurements.MeasureSteps),
            ("scaling", StepMeasurements.MeasureScaling),
            ("gray-scott", PatternMeasurements.MeasureGrayScott),
            ("kinetics", PatternMeasurements.MeasureKinetics),
            ("time-to-error", PatternMeasurements.MeasureTimeToError),
            ("simulate", MeasureSimulation),
            ("normals", MeasureNormals),
            ("stream-simulation", Serving.StreamSimulationMeasurement.Run),
            ("frame-encode", Serving.FrameMeasurements.Run),
            .. FeatureMeasurements.All,
            ("pairwise-sq-distance", AggregationMeasurements.MeasureDistances),
            ("krum", AggregationMeasurements.MeasureKrum),
            ("hierarchical-krum", AggregationMeasurements.MeasureHierarchicalKrum),
            ("coordinate-wise", AggregationMeasurements.MeasureCoordinateWise),
        ];
        foreach (var (kernel, measure) in measurements)
        {
            if (kernel.Contains(filter, StringComparison.Ordinal))
            {
                measure(output);
            }
        }
    }

    /// <summary>A whole run of the model variant, from the seed to the last field.</summary>
    private static void MeasureSimulation(TextWriter output)
    {
        foreach (var (grid, steps) in new[] { (64, 100), (256, 100), (1024, 20) })
        {
            foreach (var isJitterEnabled in new[] { false, true })
            {
                var spec = new SimulationSpec { GridSize = grid, StepCount = steps, IsJitterEnabled = isJitterEnabled };
                var seconds = BestSeconds(5, () =>
                {
                    using var engine = new SimulationEngine(spec);
                    engine.Advance(steps);
                });
                Write(output, $$"""
                    {"kernel":"simulate","grid":{{grid}},"steps":{{steps}},"jitter":{{(isJitterEnabled ? "true" : "false")}},"threads":1,"seconds":{{seconds:G6}}}
                    """);
            }
        }
    }

    private static void MeasureNormals(TextWriter output)
    {
        var random = new RandomGenerator(1);
        var seconds = BestSeconds(7, () => random.FillStandardNormal(new double[NormalCount]));
        Write(output, $$"""
            {"kernel":"normals","n":{{NormalCount}},"threads":1,"seconds":{{seconds:G6}},"per_second":{{NormalCount / seconds:F0}}}
            """);
    }

    /// <summary>The warm-up lasts until the runtime has had time to compile the hot loops a second time, with what it learnt.</summary>
    internal static double BestSeconds(int repetitions, Action action)
    {
        var warmUp = Stopwatch.StartNew();
        do
        {
            action();
        }
        while (warmUp.ElapsedMilliseconds < 1500);

        var best = double.PositiveInfinity;
        for (var i = 0; i < repetitions; i++)
        {
            var started = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }

    internal static void Write(TextWriter output, FormattableString line)
    {
        output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
        output.Flush();
    }
}
