using Grpc.Core;

namespace Mfn.Server.Identity;

/// <summary>Who is calling.</summary>
/// <param name="Name">What the operator calls it.</param>
/// <param name="Tenant">Whose runs it sees.</param>
/// <param name="Roles">What it is for.</param>
/// <param name="Kind">How it has shown who it is.</param>
/// <param name="CredentialId">Which of its credentials that was, for logs: never a secret.</param>
internal sealed record CallerIdentity(string Name, string Tenant, Roles Roles, CredentialKind Kind, string CredentialId)
{
    /// <summary>Whoever calls where nobody needs to say who it is.</summary>
    public static CallerIdentity Anonymous { get; } = new("anonymous", TenantName.Default, Roles.Admin, CredentialKind.Anonymous, "");

    /// <summary>The identity that makes a call, which authentication has found.</summary>
    public static CallerIdentity Of(ServerCallContext context) => ((CallerPrincipal)context.GetHttpContext().User).Credential.Identity;
}
