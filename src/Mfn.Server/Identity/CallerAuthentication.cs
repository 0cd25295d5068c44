using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Identity;

/// <summary>Finds out who is calling, whatever credential the call carries.</summary>
internal sealed class CallerAuthentication(
    AccessRules rules, ApiKeyStore keys, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Mfn";

    private const string Bearer = "Bearer ";
    private const string KeyHeader = "x-api-key";

    private static readonly AuthenticateResult Several = AuthenticateResult.Fail(CredentialRefusedException.Several);
    private static readonly AuthenticateResult UnknownScheme = AuthenticateResult.Fail(CredentialRefusedException.UnknownScheme);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var result = Judge();
        if (result.Failure is CredentialRefusedException refused)
        {
            // The framework tells nobody of what failed.
            Context.Features.Set(refused);
        }

        return Task.FromResult(result);
    }

    private AuthenticateResult Judge()
    {
        if (!rules.HasAuthentication)
        {
            // There is nothing to hold a credential against, and nobody needs one.
            return Credential.Anonymous.Accepted;
        }

        var authorization = Request.Headers.Authorization;
        var key = Request.Headers[KeyHeader];
        if (authorization.Count + key.Count > 1)
        {
            return Several;
        }

        if (key.Count == 1)
        {
            return keys.Authenticate(key.ToString());
        }

        if (authorization.Count == 0)
        {
            return rules.AllowsAnonymous ? Credential.Anonymous.Accepted : AuthenticateResult.NoResult();
        }

        var text = authorization.ToString();
        return text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && text[Bearer.Length..] is var token && ApiKeyText.IsKey(token)
            ? keys.Authenticate(token)
            : UnknownScheme;
    }
}
