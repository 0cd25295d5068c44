using System.Globalization;
using System.Text.Json;
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
            GapEvent gap => $"gap: {(gap.DroppedFrames > 0 ? $"{gap.DroppedFrames}" : "some")} frames missing ({Name(gap.Reason)}), on from step {gap.FirstAvailableStep}",
            FellBehindEvent behind => $"{step}  fell behind: every {behind.EveryNSteps} steps, downsampling {behind.Downsampling}, {Name(behind.FieldEncoding)}",
            CaughtUpEvent => $"{step}  caught up",
            EndEvent end => $"{step}  end: {Name(end.Reason)}{(end.Detail.Length > 0 ? $", {end.Detail}" : "")}",
            _ => step,
        };
    }

    /// <summary>One JSON object in a line. Its token resumes behind the event.</summary>
    public static string ToJson(WatchEvent told)
    {
        var position = told.Position;
        var values = new Dictionary<string, object?>
        {
            ["kind"] = Kind(told),
            ["step"] = position.Step,
            ["revision"] = position.Revision,
            ["sequence"] = position.Sequence,
            ["epoch"] = position.Epoch.ToString(CultureInfo.InvariantCulture),
        };
        switch (told)
        {
            case FrameEvent frame:
                AddFrame(values, frame);
                break;
            case GapEvent gap:
                values["reason"] = Name(gap.Reason);
                values["first_available_step"] = gap.FirstAvailableStep;
                values["dropped_frames"] = gap.DroppedFrames;
                break;
            case FellBehindEvent behind:
                values["every_n_steps"] = behind.EveryNSteps;
                values["downsampling"] = behind.Downsampling;
                values["encoding"] = Name(behind.FieldEncoding);
                break;
            case EndEvent end:
                values["reason"] = Name(end.Reason);
                values["detail"] = end.Detail;
                values["identity"] = Convert.ToHexStringLower(end.Identity.Span);
                break;
        }

        values["token"] = position.Token.ToBase64();
        return JsonSerializer.Serialize(values);
    }

    private static void AddFrame(Dictionary<string, object?> values, FrameEvent frame)
    {
        values["growth_events"] = frame.Facts.GrowthEventCount;
        if (frame.Facts.Statistics is { } statistics)
        {
            values["potential_min_mV"] = statistics.MinPotentialMillivolts;
            values["potential_max_mV"] = statistics.MaxPotentialMillivolts;
            values["potential_mean_mV"] = statistics.MeanPotentialMillivolts;
            values["potential_std_mV"] = statistics.PotentialStandardDeviationMillivolts;
        }

        if (frame.Field is { } field)
        {
            values["rows"] = field.Rows;
            values["columns"] = field.Columns;
            values["encoding"] = Name(field.Encoding);
            values["delta"] = frame.IsDelta;
            values["downsampling"] = frame.Facts.Downsampling;
            values["largest_error_mV"] = field.LargestErrorVolts * MillivoltsPerVolt;
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

    // SLOW_WATCHER, QUANTIZED16.
    private static string Name(Enum value) => WireName.Of(value);
}
