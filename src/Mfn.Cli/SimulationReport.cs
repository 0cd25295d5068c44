using System.Globalization;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;
using Mfn.Cli.Pictures;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>What came out of a simulation, as an answer.</summary>
internal static class SimulationReport
{
    /// <summary>Adds the statistics of a potential to an object.</summary>
    public static JsonRecord Add(this JsonRecord record, PotentialStatistics statistics) => record
        .Add("min_potential_millivolts", statistics.MinPotentialMillivolts)
        .Add("max_potential_millivolts", statistics.MaxPotentialMillivolts)
        .Add("mean_potential_millivolts", statistics.MeanPotentialMillivolts)
        .Add("potential_standard_deviation_millivolts", statistics.PotentialStandardDeviationMillivolts);

    /// <summary>Adds the statistics of species to an object.</summary>
    public static JsonRecord Add(this JsonRecord record, IEnumerable<SpeciesStatistics> species) => record.Add("species", species.Select(each => new JsonRecord()
        .Add("species", each.Species)
        .Add("minimum", each.Minimum)
        .Add("maximum", each.Maximum)
        .Add("mean", each.Mean)
        .Add("standard_deviation", each.StandardDeviation)));

    /// <summary>A species in words.</summary>
    public static string ToLine(SpeciesStatistics species)
    {
        var quantity = new FieldQuantity(species.Species);
        return $"{species.Species} {quantity.Format(species.Minimum)} to {quantity.Format(species.Maximum)}, mean {quantity.Format(species.Mean)}, standard deviation {quantity.Format(species.StandardDeviation)}";
    }

    /// <summary>All of it; the definitions name its features, if it has any.</summary>
    public static JsonRecord ToJson(SimulationSummary summary, DescribeFeaturesResponse? definitions, string? path)
    {
        var record = new JsonRecord().Add("spec", SpecReport.ToJson(summary.Spec));
        record = summary.Statistics is null ? record.Add("time", summary.Time).Add(summary.SpeciesStatistics) : record
            .Add("growth_events", summary.GrowthEventCount)
            .Add("turing_activations", summary.TuringActivationCount)
            .Add("clamping_events", summary.ClampingEventCount)
            .Add(summary.Statistics)
            .Add("mean_activator", summary.HasMeanActivator ? summary.MeanActivator : null)
            .Add("mean_inhibitor", summary.HasMeanInhibitor ? summary.MeanInhibitor : null);
        if (summary.Features is not null && definitions is not null)
        {
            record.Add("features", FeatureReport.ToJson(definitions, summary.Features));
        }

        if (summary.PatternFeatures is { } pattern)
        {
            record.Add("pattern_features", PatternReport.ToJson(pattern));
        }

        return record.Add("out", path);
    }

    /// <summary>A few lines.</summary>
    public static void WriteText(TextWriter writer, SimulationSummary summary)
    {
        if (summary.Statistics is not { } statistics)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {KineticsWire.Tell(summary.Spec)}
                {SpecShape.Tell(summary.Spec)} cells, {summary.Spec.Steps} steps, time {summary.Time:G6}, seed {summary.Spec.Seed}
                """));
            foreach (var species in summary.SpeciesStatistics)
            {
                writer.WriteLine(ToLine(species));
            }

            if (summary.PatternFeatures is { } pattern)
            {
                writer.WriteLine(PatternReport.ToLine(pattern));
            }

            return;
        }

        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {summary.Spec.GridSize} x {summary.Spec.GridSize} cells, {summary.Spec.Steps} steps, seed {summary.Spec.Seed}
            potential  {statistics.MinPotentialMillivolts:0.000} to {statistics.MaxPotentialMillivolts:0.000} mV, mean {statistics.MeanPotentialMillivolts:0.000} mV, standard deviation {statistics.PotentialStandardDeviationMillivolts:0.000} mV
            events     {summary.GrowthEventCount} growth, {summary.TuringActivationCount} Turing activations, {summary.ClampingEventCount} clampings
            """));
    }

    /// <summary>A table of the features, if there are any.</summary>
    public static void WriteFeatures(TextWriter writer, SimulationSummary summary, DescribeFeaturesResponse? definitions, bool isWide)
    {
        if (summary.Features is not null && definitions is not null)
        {
            FeatureReport.WriteTable(writer, definitions, summary.Features, isWide);
        }
    }
}
