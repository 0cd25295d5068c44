using Grpc.Core;
using Mfn.Server.Calls;
using Mfn.Server.Identity;
using Mfn.Server.Observability;
using Mfn.Server.Texts;

namespace Mfn.Server.Quotas;

/// <summary>Gives each call the account of its caller, and refuses those for which it has too many open. Probes have neither.</summary>
internal sealed partial class QuotaMiddleware(RequestDelegate next, QuotaLedger ledger, TimeProvider clock, ILogger<QuotaMiddleware> logger)
{
    private readonly LogQuota _quota = new(clock);

    public Task InvokeAsync(HttpContext context) =>
        CallerPrincipal.Of(context) is { Identity: var caller } && PermissionTable.Of(context) is { IsOpen: false } ? ServeAsync(context, caller) : next(context);

    private async Task ServeAsync(HttpContext context, CallerIdentity caller)
    {
        using var account = ledger.Open(caller);
        if (TryHold(context, account) is { } call)
        {
            using (call)
            {
                context.Features.Set(account);
                await next(context);
            }
        }
    }

    private QuotaHold? TryHold(HttpContext context, QuotaAccount account)
    {
        try
        {
            return account.Hold(QuotaKind.OpenCalls);
        }
        catch (CallRefusedException refused)
        {
            if (_quota.TryTake(out var unsaidCount))
            {
                var path = CallersText.Show(context.Request.Path, CallersText.LongestQuote);
                LogRefused(path, refused.StatusCode, refused.Message, unsaidCount);
            }

            refused.Answer(context);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} refused with {StatusCode}: {Reason} ({UnsaidCount} more such since the last message)")]
    private partial void LogRefused(string method, StatusCode statusCode, string reason, long unsaidCount);
}
