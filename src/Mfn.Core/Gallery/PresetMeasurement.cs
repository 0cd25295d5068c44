using Mfn.Core.Features;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;
using Mfn.Core.Spectra;

namespace Mfn.Core.Gallery;

/// <summary>Simulates a preset and measures all that presets are judged by.</summary>
public static class PresetMeasurement
{
    private const int SampleCount = 200;

    /// <summary>Every measure at the end of the preset's simulation; NaN for one that its fields do not define.</summary>
    public static IReadOnlyDictionary<PresetMeasure, double> Of(Preset preset, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(preset);
        var pattern = preset.Pattern;
        var isPeriodic = pattern.Boundaries[0].Kind == Boundary.Periodic;
        using var engine = new SimulationEngine(preset.Spec);
        var probe = new List<double>();
        var (threeQuarters, earlier) = (new double[pattern.CellCount], new double[pattern.CellCount]);
        var stepsPerSample = preset.Spec.StepCount / SampleCount;
        for (var sample = 1; sample <= SampleCount; sample++)
        {
            engine.Advance(sample == SampleCount ? preset.Spec.StepCount - engine.Step : stepsPerSample, null, cancellationToken);
            var field = engine.Species(preset.Species);
            probe.Add(field[((pattern.RowCount / 2) * pattern.ColumnCount) + (pattern.ColumnCount / 2)]);
            if (sample == SampleCount * 3 / 4)
            {
                field.CopyTo(threeQuarters);
            }
            else if (sample == SampleCount * 19 / 20)
            {
                field.CopyTo(earlier);
            }
        }

        var last = engine.Species(preset.Species).ToArray();
        var other = pattern.Kinetics.SpeciesCount > 1 ? engine.Species(1 - preset.Species) : [];
        var features = PatternFeatures.Of(
            last, other, pattern.RowCount, pattern.ColumnCount, new PatternFeatureOptions { CellWidth = pattern.CellWidth, IsPeriodic = isPeriodic });
        var holes = SpotFinder.FindSizes(
            [.. last.Select(value => -value)], pattern.RowCount, pattern.ColumnCount, -features.Threshold, Connectivity.Four, isPeriodic);
        var mean = last.Average();
        var deviation = Math.Sqrt(last.Average(value => (value - mean) * (value - mean)));
        var interval = stepsPerSample * pattern.TimeStep;
        return new Dictionary<PresetMeasure, double>
        {
            [PresetMeasure.PeakWavelength] = features.PeakWavelength ?? double.NaN,
            [PresetMeasure.SpotCount] = features.SpotCount,
            [PresetMeasure.HoleCount] = holes.Length,
            [PresetMeasure.AreaFraction] = features.AreaFraction,
            [PresetMeasure.Deviation] = deviation,
            [PresetMeasure.Activity] = Math.Sqrt(last.Zip(earlier, (now, then) => (now - then) * (now - then)).Average()) / deviation,
            [PresetMeasure.OscillationPeriod] = OscillationPeriod.Of([.. probe.Skip(SampleCount / 2)], interval)?.Period ?? double.NaN,
            [PresetMeasure.PhaseSingularityCount] = features.PhaseSingularities?.Total ?? double.NaN,
            [PresetMeasure.FrontSpeed] =
                (Front(last, pattern.RowCount, pattern.ColumnCount) - Front(threeQuarters, pattern.RowCount, pattern.ColumnCount))
                * pattern.CellWidth / (SampleCount / 4 * interval),
        };
    }

    /// <summary>Cells from the middle column to where the middle row, seen from its end, first rises above half of the field's largest value.</summary>
    private static double Front(double[] field, int rowCount, int columnCount)
    {
        var half = field.Max() / 2;
        var row = field.AsSpan(rowCount / 2 * columnCount, columnCount);
        for (var column = columnCount - 2; column > columnCount / 2; column--)
        {
            if (row[column] >= half)
            {
                return column + ((row[column] - half) / (row[column] - row[column + 1])) - (columnCount / 2);
            }
        }

        return double.NaN;
    }
}
