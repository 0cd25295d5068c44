using Mfn.Server.Calls;
using Mfn.Server.Identity;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;

namespace Mfn.Server.Quotas;

/// <summary>Gives each call the account of its caller, and refuses those for which it has too many open. Probes have neither.</summary>
internal sealed class QuotaMiddleware(RequestDelegate next, QuotaLedger ledger, ServerMetrics metrics, RefusalLog log)
{
    private const string StatusTrailer = "grpc-status";
    private const string Ok = "0";

    public Task InvokeAsync(HttpContext context) => CallerPrincipal.Of(context) is { Identity: var caller } && !IsOpen(context) ? ServeAsync(context, caller) : next(context);

    private async Task ServeAsync(HttpContext context, CallerIdentity caller)
    {
        using var account = ledger.Open(caller);
        if (TryHold(context, account) is { } call)
        {
            using (call)
            {
                context.Features.Set(account);
                context.Features.GetRequiredFeature<CallMemory>().OpenQuota = () => account.Hold(QuotaKind.UploadBytes, 0);
                if (account.Holder is { } holder)
                {
                    MemoryHolder.Of(context).AssignTo(holder);
                }

                await next(context);
                if (account.HasPaid && WasAnswered(context.Response))
                {
                    account.Payment.Complete();
                }
            }
        }
    }

    private static bool IsOpen(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null || PermissionTable.Of(context) is not { IsOpen: false };

    // Of a call without a message the status stands among the headers.
    private static bool WasAnswered(HttpResponse response) =>
        (response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers.TryGetValue(StatusTrailer, out var status) == true ? status : response.Headers[StatusTrailer]) == Ok;

    private QuotaHold? TryHold(HttpContext context, QuotaAccount account)
    {
        try
        {
            return account.Hold(QuotaKind.OpenCalls);
        }
        catch (CallRefusedException refused)
        {
            log.NoteRefused(context, refused.StatusCode, refused.Message);
            refused.CountIn(metrics);
            refused.Answer(context);
            return null;
        }
    }
}
