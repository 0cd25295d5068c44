using Mfn.Server.Configuration;

namespace Mfn.Server.Quotas;

/// <summary>What an identity or a tenant may have; what is null is not limited.</summary>
internal sealed record QuotaLimits(
    long? CellStepsPerSecond, TimeSpan BurstTime, long? LiveRuns, long? Watchers, long? HistoryBytes, long? UploadBytes, long? OpenCalls)
{
    /// <summary>Nothing is limited.</summary>
    public static QuotaLimits None { get; } = new(null, TimeSpan.Zero, null, null, null, null, null);

    /// <summary>The most cell-steps at once, which is also the most that anything may cost.</summary>
    public long Burst => (long)(CellStepsPerSecond.GetValueOrDefault() * BurstTime.TotalSeconds);

    /// <summary>What the settings say.</summary>
    public static QuotaLimits Of(QuotaOptions options) => new(
        options.CellStepsPerSecond, options.BurstTime, options.LiveRuns, options.Watchers, options.HistoryBytes, options.UploadBytes, options.OpenCalls);

    /// <summary>The most of something that is held, and given back; null if any number may be.</summary>
    public long? MostHeld(QuotaKind kind) => kind switch
    {
        QuotaKind.LiveRuns => LiveRuns,
        QuotaKind.Watchers => Watchers,
        QuotaKind.HistoryBytes => HistoryBytes,
        QuotaKind.UploadBytes => UploadBytes,
        QuotaKind.OpenCalls => OpenCalls,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
