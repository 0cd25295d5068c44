using Microsoft.AspNetCore.Authorization;

namespace Mfn.Server.Identity;

/// <summary>Whoever calls must have the permission of what is called; where it is no RPC at all, it must be somebody.</summary>
internal sealed class PermissionRequirement : AuthorizationHandler<PermissionRequirement, HttpContext>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, PermissionRequirement requirement, HttpContext resource)
    {
        var permission = PermissionTable.Of(resource);
        if (permission?.IsOpen == true
            || (context.User is CallerPrincipal { Credential.Identity: var caller } && permission?.IsGivenTo(caller.Roles) != false))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
