using Mfn.Core.Randomness;
using Mfn.Core.Simulation;

namespace Mfn.Benchmarks;

/// <summary>A history of square fields whose features are measured, one frame after the other.</summary>
/// <param name="Case">How active its cells are.</param>
/// <param name="Extent">The rows, and the columns, of a frame.</param>
/// <param name="History">The potentials in volts.</param>
internal sealed record FeatureSample(string Case, int Extent, double[] History)
{
    /// <summary>Histories with no active cell and with most cells active, and fields with none and with half of them.</summary>
    public static IEnumerable<FeatureSample> All =>
    [
        Simulated("quiet", 64, 100, isJitterEnabled: false),
        Simulated("active", 64, 100, isJitterEnabled: true),
        new FeatureSample("quiet", 512, Simulated("quiet", 512, 20, isJitterEnabled: false).History[^(512 * 512)..]),
        HalfActive(512),
    ];

    public int FrameCount => History.Length / Extent / Extent;

    /// <summary>One field of noise about the threshold.</summary>
    public static FeatureSample HalfActive(int extent)
    {
        var field = new double[extent * extent];
        new RandomGenerator(1).FillNormal(-0.06, 0.02, field);
        return new FeatureSample("half-active", extent, field);
    }

    public override string ToString() => $"{Case} {FrameCount} x {Extent} x {Extent}";

    private static FeatureSample Simulated(string activity, int extent, int frameCount, bool isJitterEnabled)
    {
        var engine = new SimulationEngine(new SimulationSpec
        {
            Variant = SimulationVariant.Engine,
            GridSize = extent,
            StepCount = frameCount,
            IsJitterEnabled = isJitterEnabled,
        });
        var history = new double[frameCount * extent * extent];
        for (var i = 0; i < frameCount; i++)
        {
            engine.TakeStep();
            engine.Potential.CopyTo(history.AsSpan(i * extent * extent));
        }

        return new FeatureSample(activity, extent, history);
    }
}
