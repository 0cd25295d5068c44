using System.Collections.Concurrent;
using Grpc.Core;
using Mfn.Server.Logging;
using Mfn.Server.Observability;
using Mfn.Server.Texts;

namespace Mfn.Server.Calls;

/// <summary>
/// Logs calls that are refused, or that their clients leave: of each caller so many a minute, so that nobody fills a disk by them, nor hides those of others. Thread-safe.
/// </summary>
internal sealed partial class RefusalLog(TimeProvider clock, ILogger<RefusalLog> logger)
{
    /// <summary>Callers that are told apart; those who come later share what all strangers share.</summary>
    public const int MostCallers = 256;

    private readonly ConcurrentDictionary<(string Tenant, string Name), LogQuota> _quotas = [];
    private readonly LogQuota _strangers = new(clock);

    /// <summary>A call is refused.</summary>
    /// <param name="context">The call's.</param>
    /// <param name="code">With what.</param>
    /// <param name="reason">Why: all its problems, as its caller is told.</param>
    public void NoteRefused(HttpContext context, StatusCode code, string reason)
    {
        if (IsDue(context))
        {
            var method = MethodOf(context);
            LogRefused(method, code, reason);
        }
    }

    /// <summary>A call is no longer wanted by its client.</summary>
    public void NoteCancelled(HttpContext context, StatusCode code)
    {
        if (IsDue(context))
        {
            var method = MethodOf(context);
            LogCancelled(method, code);
        }
    }

    private bool IsDue(HttpContext context)
    {
        if (!logger.IsEnabled(LogLevel.Information) || !QuotaOf(context).TryTake(out var unsaidCount))
        {
            return false;
        }

        if (unsaidCount > 0)
        {
            LogUnsaid(unsaidCount);
        }

        return true;
    }

    private LogQuota QuotaOf(HttpContext context)
    {
        if (CallScope.Of(context)?.Caller is not { } caller)
        {
            return _strangers;
        }

        var key = (caller.Tenant, caller.Name);
        return _quotas.TryGetValue(key, out var quota) ? quota
            : _quotas.Count < MostCallers ? _quotas.GetOrAdd(key, _ => new LogQuota(clock, LogQuota.OfOneCaller))
            : _strangers;
    }

    private static string MethodOf(HttpContext context) => CallersText.Show(context.Request.Path, CallersText.LongestQuote);

    [LoggerMessage(EventId = 1002, EventName = "CallRefused", Level = LogLevel.Information, Message = "{Method} refused with {StatusCode}: {Reason}")]
    [LogMeaning("A call was not served, for the reason that its caller got too; a bad request has all its problems. Its caller has to change something, or to wait. At most 30 such lines a minute of each caller, and 10 of all who are not known.")]
    private partial void LogRefused(string method, StatusCode statusCode, string reason);

    [LoggerMessage(EventId = 1003, EventName = "CallCancelled", Level = LogLevel.Information, Message = "{Method} ended by its client with {StatusCode}")]
    [LogMeaning("The client has gone, or its deadline has passed. It counts among the lines of refused calls.")]
    private partial void LogCancelled(string method, StatusCode statusCode);

    [LoggerMessage(EventId = 1004, EventName = "RefusalsLeftOut", Level = LogLevel.Information, Message = "{UnsaidCount} calls that were refused or cancelled since the last such line were not logged")]
    [LogMeaning("There were more of one caller than are logged in a minute: of the `identity` of the line, or of those who are not known. `mfn_rpc_refusals_total` has counted them all.")]
    private partial void LogUnsaid(long unsaidCount);
}
