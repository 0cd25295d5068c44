using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Frames;
using Mfn.Server.Runs;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where contract and watchers meet.</summary>
internal static class WatchWireExtensions
{
    private static readonly ParameterRange EveryNStepsRange = new(1, 1_000_000);
    private static readonly ParameterRange KeyFrameRange = new(1, 10_000);
    private static readonly ParameterRange BacklogRange = new(1, 1024);

    // Twice, then four times less often, coarser; then 16 and 8 bits.
    private static readonly int[] DegradedFactors = [2, 4];
    private static readonly CellEncoding[] DegradedEncodings = [CellEncoding.Quantized16, CellEncoding.Quantized8];

    /// <summary>What a watcher of a run asks for.</summary>
    public static WatchOrder ToOrder(this Wire.WatchRunRequest request, Run run, RequestProblems problems)
    {
        var spec = run.Status.Spec;
        var species = request.Species.ToSpecies("species", spec, problems);
        var everyNSteps = request.HasEveryNSteps ? request.EveryNSteps : 1;
        problems.Check("every_n_steps", everyNSteps, EveryNStepsRange);
        var encoding = request.FieldEncoding.ToEncoding(problems, allowsQuantized: true);
        var window = request.ToWindow(spec, problems) with { Species = species };
        var interval = request.HasKeyFrameInterval ? request.KeyFrameInterval : 1;
        problems.Check("key_frame_interval", interval, KeyFrameRange);
        if (interval > 1 && request.FieldEncoding == Wire.FieldEncoding.Unspecified)
        {
            problems.Add("key_frame_interval", $"must be 1 without a field_encoding, but was {interval}");
        }

        var backlog = request.HasBacklogFrames ? request.BacklogFrames : 16;
        problems.Check("backlog_frames", backlog, BacklogRange);
        if (request is { HasCompatibilityLevel: true, CompatibilityLevel: < 1 })
        {
            problems.Add("compatibility_level", $"must be at least 1, but was {request.CompatibilityLevel}");
        }

        if (request.StartCase == Wire.WatchRunRequest.StartOneofCase.FromStep && request.FromStep < 0)
        {
            problems.Add("from_step", $"must be at least 0, but was {request.FromStep}");
        }

        var delivery = request.Delivery.ToDelivery(problems);
        var features = request.Features?.ToOptions("features.", problems);
        if (features is not null && spec.Pattern is null && species > 0)
        {
            problems.Add("features", $"must not be set beside the species '{spec.SpeciesSymbols[species]}', which stands for no potential");
        }

        var pattern = request.PatternFeatures?.ToOptions(spec, problems);
        var token = request.ToToken(run, problems);
        var asked = new WatchQuality(everyNSteps, new FrameFormat(encoding, window, request.Statistics, features, DeltaPlan.Of(everyNSteps, interval)) { Pattern = pattern });
        return new WatchOrder(
            request.StartCase == Wire.WatchRunRequest.StartOneofCase.FromStep ? request.FromStep : null,
            token,
            delivery,
            delivery == Delivery.Degrade && problems.IsEmpty ? [.. DegradedFrom(asked, interval)] : [asked],
            backlog);
    }

    public static Wire.FellBehind ToWire(this WatchQuality quality) => new()
    {
        EveryNSteps = quality.EveryNSteps,
        Downsampling = quality.Format.Window.Downsampling,
        FieldEncoding = quality.Format.Encoding.ToWire(),
    };

    /// <summary>Notes what keeps a region from lying within a field.</summary>
    public static void CheckWithin(this Wire.Region? region, int rowCount, int columnCount, string path, RequestProblems problems)
    {
        if (region is null)
        {
            problems.Add(path, "must be set");
            return;
        }

        Check("row", region.Row, "rows", region.Rows, rowCount);
        Check("column", region.Column, "columns", region.Columns, columnCount);

        void Check(string firstName, int first, string countName, int count, int extent)
        {
            if (problems.Check($"{path}.{firstName}", first, new(0, extent - 1)))
            {
                problems.Check($"{path}.{countName}", count, new(1, extent - first));
            }
        }
    }

    private static FieldWindow ToWindow(this Wire.WatchRunRequest request, Core.Simulation.SimulationSpec spec, RequestProblems problems)
    {
        var downsampling = request.HasDownsampling ? request.Downsampling : 1;
        request.Region?.CheckWithin(spec.RowCount, spec.ColumnCount, "region", problems);
        var region = request.Region ?? new Wire.Region { Rows = spec.RowCount, Columns = spec.ColumnCount };
        if (problems.IsEmpty)
        {
            problems.Check("downsampling", downsampling, new(1, Math.Min(region.Rows, region.Columns)));
        }
        else if (downsampling < 1)
        {
            problems.Add("downsampling", $"must be at least 1, but was {downsampling}");
        }

        return new FieldWindow(region.Row, region.Column, region.Rows, region.Columns, downsampling);
    }

    private static ResumeToken? ToToken(this Wire.WatchRunRequest request, Run run, RequestProblems problems)
    {
        if (request.StartCase != Wire.WatchRunRequest.StartOneofCase.ResumeToken)
        {
            return null;
        }

        var bytes = request.ResumeToken.Span;
        if (ResumeToken.RunIdOf(bytes) is { } runId && runId != run.Id)
        {
            problems.Add("resume_token", $"must be a token of this run, but was one of run '{runId}'");
            return null;
        }

        if (ResumeToken.Open(bytes, run.TokenSecret.Span) is not { } token || token.Epoch != run.Epoch)
        {
            problems.Add("resume_token", "must be a token that this run has given, but is damaged");
            return null;
        }

        return token;
    }

    private static Delivery ToDelivery(this Wire.Delivery wire, RequestProblems problems)
    {
        switch (wire)
        {
            case Wire.Delivery.Unspecified or Wire.Delivery.Lossless:
                return Delivery.Lossless;
            case Wire.Delivery.Latest:
                return Delivery.Latest;
            case Wire.Delivery.DropOldest:
                return Delivery.DropOldest;
            case Wire.Delivery.Degrade:
                return Delivery.Degrade;
            default:
                problems.Add("delivery", $"must be a known delivery or unset, but was {(int)wire}");
                return Delivery.Lossless;
        }
    }

    private static IEnumerable<WatchQuality> DegradedFrom(WatchQuality asked, int keyFrameInterval)
    {
        yield return asked;
        var quality = asked;
        foreach (var factor in DegradedFactors)
        {
            var everyNSteps = (int)Math.Min((long)asked.EveryNSteps * factor, EveryNStepsRange.Maximum);
            quality = new WatchQuality(everyNSteps, quality.Format with { Deltas = DeltaPlan.Of(everyNSteps, keyFrameInterval) });
            yield return quality;
        }

        if (asked.Format.Encoding == CellEncoding.None)
        {
            yield break;
        }

        var window = asked.Format.Window;
        foreach (var factor in DegradedFactors.Where(factor => window.Downsampling * factor <= Math.Min(window.RowCount, window.ColumnCount)))
        {
            quality = quality with { Format = quality.Format with { Window = window with { Downsampling = window.Downsampling * factor } } };
            yield return quality;
        }

        foreach (var encoding in DegradedEncodings.Where(encoding => EncodedField.CellSize(encoding) < EncodedField.CellSize(asked.Format.Encoding)))
        {
            quality = quality with { Format = quality.Format with { Encoding = encoding } };
            yield return quality;
        }
    }
}
