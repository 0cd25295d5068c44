using System.Globalization;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;
using Mfn.Client.Runs;

namespace Mfn.Cli.Runs;

/// <summary>Events of a watched run in words.</summary>
internal static class WatchText
{
    private const double MillivoltsPerVolt = 1000;

    /// <summary>One line for people.</summary>
    public static string ToLine(WatchEvent told)
    {
        var step = $"step {told.Position.Step}{(told.Position.Revision > 0 ? $"  revision {told.Position.Revision}" : "")}";
        return told switch
        {
            FrameEvent { Facts.Statistics: { } statistics, Facts: var facts } => string.Create(
                CultureInfo.InvariantCulture,
                $"{step}  {statistics.MinPotentialMillivolts:0.00} to {statistics.MaxPotentialMillivolts:0.00} mV  mean {statistics.MeanPotentialMillivolts:0.00} mV  growth events {facts.GrowthEventCount}"),
            FrameEvent { Facts.SpeciesStatistics: { } species, Facts: var facts } => string.Create(CultureInfo.InvariantCulture, $"{step}  time {facts.Time:G6}  {SimulationReport.ToLine(species)}{(facts.PatternFeatures is { } pattern ? $"; {PatternReport.ToLine(pattern)}" : "")}"),
            GapEvent gap => $"gap: {(gap.DroppedFrames > 0 ? $"{gap.DroppedFrames}" : "some")} frames missing ({Name(gap.Reason)}), on from step {gap.FirstAvailableStep}",
            FellBehindEvent behind => $"{step}  fell behind: every {behind.EveryNSteps} steps, downsampling {behind.Downsampling}, {Name(behind.FieldEncoding)}",
            CaughtUpEvent => $"{step}  caught up",
            EndEvent end => $"{step}  end: {Name(end.Reason)}{(end.Detail.Length > 0 ? $", {end.Detail}" : "")}",
            _ => step,
        };
    }

    /// <summary>One JSON object. Its token resumes behind the event.</summary>
    public static JsonRecord ToJson(WatchEvent told)
    {
        var position = told.Position;
        var record = new JsonRecord()
            .Add("kind", Kind(told))
            .Add("step", position.Step)
            .Add("revision", position.Revision)
            .Add("sequence", position.Sequence)
            .Add("epoch", position.Epoch.ToString(CultureInfo.InvariantCulture));
        switch (told)
        {
            case FrameEvent frame:
                AddFrame(record, frame);
                break;
            case GapEvent gap:
                record
                    .Add("reason", Name(gap.Reason))
                    .Add("first_available_step", gap.FirstAvailableStep)
                    .Add("dropped_frames", gap.DroppedFrames);
                break;
            case FellBehindEvent behind:
                record
                    .Add("every", behind.EveryNSteps)
                    .Add("downsample", behind.Downsampling)
                    .Add("encoding", WatchRequestOptions.WordOf(behind.FieldEncoding));
                break;
            case EndEvent end:
                record
                    .Add("reason", Name(end.Reason))
                    .Add("detail", end.Detail.Length > 0 ? end.Detail : null)
                    .Add("identity", Convert.ToHexStringLower(end.Identity.Span));
                break;
        }

        return record.Add("token", position.Token.ToBase64());
    }

    private static void AddFrame(JsonRecord record, FrameEvent frame)
    {
        if (frame.Facts.SpeciesStatistics is { } species)
        {
            record
                .Add("time", frame.Facts.Time)
                .Add("species", species.Species)
                .Add("minimum", species.Minimum)
                .Add("maximum", species.Maximum)
                .Add("mean", species.Mean)
                .Add("standard_deviation", species.StandardDeviation);
        }
        else
        {
            record.Add("growth_events", frame.Facts.GrowthEventCount);
        }

        if (frame.Facts.Statistics is { } statistics)
        {
            record.Add(statistics);
        }

        if (frame.Facts.PatternFeatures is { } pattern)
        {
            record.Add("pattern_features", PatternReport.ToJson(pattern));
        }

        if (frame.Field is { } field)
        {
            record
                .Add("rows", field.Rows)
                .Add("columns", field.Columns)
                .Add("encoding", WatchRequestOptions.WordOf(field.Encoding))
                .Add("delta", frame.IsDelta)
                .Add("downsample", frame.Facts.Downsampling);
            _ = frame.Facts.SpeciesStatistics is null
                ? record.Add("largest_error_millivolts", field.LargestErrorVolts * MillivoltsPerVolt)
                : record.Add("largest_error", field.SpeciesLargestError);
        }
    }

    private static string Kind(WatchEvent told) => told switch
    {
        FrameEvent => "frame",
        GapEvent => "gap",
        FellBehindEvent => "fell_behind",
        CaughtUpEvent => "caught_up",
        _ => "end",
    };

    // slow_watcher, stopped.
    private static string Name(Enum value) => WireName.InAnswer(value);
}
