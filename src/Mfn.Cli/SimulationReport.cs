using System.Globalization;
using Mfn.Cli.Output;
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

    /// <summary>All of it; the definitions name its features, if it has any.</summary>
    public static JsonRecord ToJson(SimulationSummary summary, DescribeFeaturesResponse? definitions, string? path)
    {
        var record = new JsonRecord()
            .Add("spec", SpecReport.ToJson(summary.Spec))
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

        return record.Add("out", path);
    }

    /// <summary>Three lines.</summary>
    public static void WriteText(TextWriter writer, SimulationSummary summary)
    {
        var statistics = summary.Statistics;
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
