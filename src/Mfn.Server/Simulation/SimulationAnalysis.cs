using Mfn.Core.Features;
using Mfn.Core.Fractals;

namespace Mfn.Server.Simulation;

/// <summary>Follows the fields of a run as its <see cref="AnalysisPlan"/> asks.</summary>
internal sealed class SimulationAnalysis(AnalysisPlan plan, int gridSize)
{
    private readonly FeatureExtractor? _extractor = plan.Features is null ? null : new FeatureExtractor(gridSize, gridSize, plan.Features);

    /// <summary>Whether it follows the field step by step.</summary>
    public bool NeedsEveryStep => _extractor is not null;

    /// <summary>Takes the field after a step.</summary>
    public void Add(ReadOnlySpan<double> potential) => _extractor?.Add(potential);

    /// <summary>What has been found, with <paramref name="potential"/> as the last field taken.</summary>
    public Findings Find(ReadOnlySpan<double> potential)
    {
        return new Findings(_extractor?.Extract(), plan.HasDimension ? Measure(potential) : null);
    }

    private BoxCountingDimension Measure(ReadOnlySpan<double> potential)
    {
        var options = plan.Features ?? FeatureOptions.Default;
        return BoxCountingDimension.MeasureAbove(
            options.LowThresholdMillivolts / 1000.0, potential, gridSize, gridSize, options.BoxMeshesFor(gridSize, gridSize));
    }
}
