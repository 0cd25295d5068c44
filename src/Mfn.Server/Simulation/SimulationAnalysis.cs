using Mfn.Core.Features;
using Mfn.Core.Fractals;
using Mfn.Core.Simulation;
using Mfn.Core.Spectra;
using Mfn.Server.Frames;

namespace Mfn.Server.Simulation;

/// <summary>Follows the fields of a run as its <see cref="AnalysisPlan"/> asks.</summary>
internal sealed class SimulationAnalysis(AnalysisPlan plan, SimulationSpec spec, int species, SimulationWork work)
{
    private readonly FeatureExtractor? _extractor = plan.Features is null ? null : new FeatureExtractor(spec.RowCount, spec.ColumnCount, plan.Features);
    private readonly ProbeHistory? _probe = plan.Pattern is null ? null : new ProbeHistory();
    private readonly PotentialView _volts = new(spec, species);

    /// <summary>Whether it follows the field step by step.</summary>
    public bool NeedsEveryStep => _extractor is not null || _probe is not null;

    /// <summary>Whether that is for features, and takes time that counts: reading one cell does not.</summary>
    public bool FollowsFeatures => _extractor is not null;

    /// <summary>Takes the field after a step.</summary>
    public void Add(SimulationEngine engine)
    {
        _extractor?.Add(_volts.Of(engine.Species(species)));
        _probe?.Add(ProbedCell(engine));
    }

    /// <summary>What has been found, with the engine's field as the last one taken.</summary>
    public Findings Find(SimulationEngine engine) =>
        new(
            _extractor is null ? null : work.FeatureVectors.Measure(_extractor.Extract),
            plan.HasDimension ? work.Dimensions.Measure(() => Measure(_volts.Of(engine.Species(species)))) : null,
            plan.Pattern is { } options ? work.Patterns.Measure(() => Describe(engine, options)) : null);

    /// <summary>The cell in the middle, for which not all singles need to be made doubles.</summary>
    private double ProbedCell(SimulationEngine engine)
    {
        var cell = (spec.RowCount / 2 * spec.ColumnCount) + (spec.ColumnCount / 2);
        var singles = engine.SpeciesSingles(species);
        return singles.IsEmpty ? engine.Species(species)[cell] : singles[cell];
    }

    private PatternFeatures Describe(SimulationEngine engine, PatternFeatureOptions options)
    {
        var other = spec.SpeciesSymbols.Length > 1 ? engine.Species(1 - species) : [];
        return PatternFeatures.Of(engine.Species(species), other, spec.RowCount, spec.ColumnCount, options) with
        {
            OscillationPeriod = _probe?.FindPeriod(spec.Pattern?.TimeStep ?? 1),
        };
    }

    private BoxCountingDimension Measure(ReadOnlySpan<double> potential)
    {
        var options = plan.Features ?? FeatureOptions.Default;
        return BoxCountingDimension.MeasureAbove(
            options.LowThresholdMillivolts / 1000.0, potential, spec.RowCount, spec.ColumnCount, options.BoxMeshesFor(spec.RowCount, spec.ColumnCount));
    }
}
