using System.Globalization;
using Mfn.Server.Calls;

namespace Mfn.Server.Quotas;

/// <summary>Why a quota does not allow something.</summary>
/// <param name="Subject">Whose quota it is.</param>
/// <param name="Kind">Which.</param>
/// <param name="Limit">How much it allows: at once, or of cell-steps that will be there in time, in a second.</param>
/// <param name="Wanted">How much was asked for.</param>
/// <param name="Held">How much is taken; of cell-steps nothing is said.</param>
/// <param name="Wait">When it will be there; null if time alone does not help.</param>
/// <param name="IsPromise">Whether it is kept until then for a call that costs as much.</param>
internal sealed record QuotaRefusal(string Subject, QuotaKind Kind, long Limit, long Wanted, long Held, TimeSpan? Wait, bool IsPromise)
{
    /// <summary>The quota's name.</summary>
    public string Name => Kind switch
    {
        QuotaKind.CellSteps when Wait is null => "cell_steps_at_once",
        QuotaKind.CellSteps => "cell_steps_per_second",
        QuotaKind.LiveRuns => "live_runs",
        QuotaKind.Watchers => "watchers",
        QuotaKind.HistoryBytes => "history_bytes",
        QuotaKind.UploadBytes => "upload_bytes",
        QuotaKind.OpenCalls => "open_calls",
        _ => throw new InvalidOperationException($"{Kind} has no name."),
    };

    /// <summary>What the caller is answered.</summary>
    public CallRefusedException ToException() => CallRefusedException.OverQuota(Describe(), Subject, Name, Limit, Wanted, Held, Wait is { } wait ? ForTimers(wait) : null);

    // They count whole milliseconds, and may be one of them early.
    private static TimeSpan ForTimers(TimeSpan wait) => TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds) + 1);

    private string Describe() => Kind switch
    {
        QuotaKind.CellSteps when Wait is { } wait => string.Create(
            CultureInfo.InvariantCulture,
            $"The call costs {Wanted} cell-steps, which {Subject}, who may have {Limit} a second, will have in {wait.TotalSeconds:0.###} s{(IsPromise ? "; they are kept until then for a call that costs as much." : ", unless other calls come before.")}"),
        QuotaKind.CellSteps => $"The call costs {Wanted} cell-steps, but {Subject} can save up no more than {Limit}: it will never be served at this price. Ask for less at once.",
        QuotaKind.LiveRuns => $"{Subject} has {Held} live runs, and may have {Limit}. Delete one.",
        QuotaKind.Watchers => $"{Subject} has {Held} open watches, and may have {Limit}. End one.",
        QuotaKind.HistoryBytes => Wanted > Limit
            ? $"The run would keep {Wanted} bytes of history, more than the {Limit} that {Subject} may have. Set history_steps to keep less."
            : $"The run would keep {Wanted} bytes of history, but {Subject} may have {Limit}, of which {Held} are taken. Keep less, or delete a run.",
        QuotaKind.UploadBytes => Wanted > Limit
            ? $"The upload takes {Wanted} bytes, more than the {Limit} that {Subject} may have at once."
            : $"The upload takes {Wanted} more bytes, but {Subject} may have {Limit} under way, of which {Held} are taken. Try again when another upload has ended.",
        _ => $"{Subject} has {Held} open calls, and may have {Limit}. End one.",
    };
}
