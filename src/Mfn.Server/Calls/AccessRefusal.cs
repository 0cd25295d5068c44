using Grpc.Core;
using Mfn.Server.Identity;
using Mfn.Server.Observability;
using Mfn.Server.Texts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Mfn.Server.Calls;

/// <summary>Answers calls whose caller is not known, or may not do what it asks for: the first with UNAUTHENTICATED, the others with PERMISSION_DENIED.</summary>
internal sealed partial class AccessRefusal(ServerMeter meter, TimeProvider clock, ILogger<AccessRefusal> logger) : IAuthorizationMiddlewareResultHandler
{
    private readonly LogQuota _quota = new(clock);

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            return next(context);
        }

        var refusal = Refuse(context);
        meter.DeniedCalls.Add(1, new KeyValuePair<string, object?>("status", refusal.StatusCode.ToString()));
        if (_quota.TryTake(out var unsaidCount))
        {
            var path = CallersText.Show(context.Request.Path, CallersText.LongestQuote);
            LogRefused(path, refusal.StatusCode, refusal.Message, unsaidCount);
        }

        refusal.Answer(context);
        return Task.CompletedTask;
    }

    private static CallRefusedException Refuse(HttpContext context)
    {
        if (CallerPrincipal.Of(context) is { Identity: var caller })
        {
            return CallRefusedException.PermissionDenied(PermissionTable.Of(context)!, caller);
        }

        var failure = context.Features.Get<CredentialRefusedException>();
        return failure is null ? CallRefusedException.Unauthenticated() : CallRefusedException.Unauthenticated(failure.End, failure.Message);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} refused with {StatusCode}: {Reason} ({UnsaidCount} more such since the last message)")]
    private partial void LogRefused(string method, StatusCode statusCode, string reason, long unsaidCount);
}
