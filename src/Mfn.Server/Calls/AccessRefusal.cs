using Mfn.Server.Identity;
using Mfn.Server.Observability;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Mfn.Server.Calls;

/// <summary>Answers calls whose caller is not known, or may not do what it asks for: the first with UNAUTHENTICATED, the others with PERMISSION_DENIED.</summary>
internal sealed class AccessRefusal(ServerMetrics metrics, RefusalLog log) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        var caller = CallerPrincipal.Of(context);
        var failure = context.Features.Get<CredentialRefusedException>();
        var outcome = caller is null ? MetricLabel.ValueOf(failure?.End ?? CredentialEnd.Missing) : authorizeResult.Succeeded ? "accepted" : "denied";
        metrics.Authentications.WithLabels(KindOf(caller?.Identity ?? failure?.Identity, failure), outcome).Inc();
        if (CallScope.Of(context) is { } call)
        {
            call.Caller = caller?.Identity ?? failure?.Identity;
        }

        if (authorizeResult.Succeeded)
        {
            return next(context);
        }

        var refusal = Refuse(context, caller, failure);
        refusal.CountIn(metrics);
        log.NoteRefused(context, refusal.StatusCode, refusal.Message);
        refusal.Answer(context);
        return Task.CompletedTask;
    }

    private static string KindOf(CallerIdentity? caller, CredentialRefusedException? failure) =>
        caller is not null ? MetricLabel.ValueOf(caller.Kind) : failure is null ? ServerMetrics.None : ServerMetrics.Unknown;

    private static CallRefusedException Refuse(HttpContext context, Credential? caller, CredentialRefusedException? failure)
    {
        if (caller is not null)
        {
            return CallRefusedException.PermissionDenied(PermissionTable.Of(context)!, caller.Identity);
        }

        return failure is null ? CallRefusedException.Unauthenticated() : CallRefusedException.Unauthenticated(failure.End, failure.Message);
    }
}
