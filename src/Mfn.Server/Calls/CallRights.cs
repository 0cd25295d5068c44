using Mfn.Server.Identity;

namespace Mfn.Server.Calls;

/// <summary>
/// Whether a call may go on: a stream may outlive its caller's credential, or its rights. When they end the stream is cancelled, and what comes of that is told
/// from here.
/// </summary>
internal static class CallRights
{
    /// <summary>Cancels streams when their credential ends. Unary calls go on: they were allowed when they began, and soon end.</summary>
    public static Task ServeWhileTheyLastAsync(HttpContext context, RequestDelegate next) =>
        CallerPrincipal.Of(context) is { MayEnd: true } credential && PermissionTable.IsStream(context) ? ServeUntilEndedAsync(context, next, credential) : next(context);

    /// <summary>Why a call must not go on; null if it may.</summary>
    public static CallRefusedException? FindRefusal(HttpContext context) => CallerPrincipal.Of(context) is not { End: { } end } credential ? null : end switch
    {
        CredentialEnd.Expired => CallRefusedException.Unauthenticated(end, CredentialRefusedException.Expired.Message),
        CredentialEnd.Changed when PermissionTable.Of(context) is { } permission && credential.Successor is { } caller =>
            permission.IsGivenTo(caller.Roles) ? CallRefusedException.RightsChanged() : CallRefusedException.PermissionDenied(permission, caller),
        _ => CallRefusedException.Unauthenticated(CredentialEnd.Revoked, CredentialRefusedException.Revoked.Message),
    };

    /// <summary>Ends a call that must not go on.</summary>
    /// <exception cref="CallRefusedException">It must not.</exception>
    public static void Require(HttpContext context)
    {
        if (FindRefusal(context) is { } refusal)
        {
            throw refusal;
        }
    }

    private static async Task ServeUntilEndedAsync(HttpContext context, RequestDelegate next, Credential credential)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, credential.Ended);
        context.RequestAborted = end.Token;
        await next(context);
    }
}
