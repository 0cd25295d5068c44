using System.Security.Claims;

namespace Mfn.Server.Identity;

/// <summary>The caller, as the framework knows it.</summary>
internal sealed class CallerPrincipal : ClaimsPrincipal
{
    public CallerPrincipal(Credential credential)
        : base(new ClaimsIdentity([new Claim(ClaimTypes.Name, credential.Identity.Name)], CallerAuthentication.SchemeName)) => Credential = credential;

    public Credential Credential { get; }

    /// <summary>The credential of a call; null of one that has none.</summary>
    public static Credential? Of(HttpContext context) => (context.User as CallerPrincipal)?.Credential;
}
