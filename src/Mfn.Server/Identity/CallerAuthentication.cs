using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Identity;

/// <summary>
/// Finds out who is calling: by the key or the token that the call carries, or else by the certificate of its connection or of its proxy's client.
/// </summary>
internal sealed class CallerAuthentication(
    AccessRules rules,
    ApiKeyStore keys,
    TokenStore tokens,
    CertificateStore certificates,
    TrustedProxies proxies,
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Mfn";

    private const string Bearer = "Bearer ";
    private const string KeyHeader = "x-api-key";

    private static readonly AuthenticateResult Several = AuthenticateResult.Fail(CredentialRefusedException.Several);
    private static readonly AuthenticateResult UnknownScheme = AuthenticateResult.Fail(CredentialRefusedException.UnknownScheme);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var result = await JudgeAsync();
        if (result.Failure is CredentialRefusedException refused)
        {
            // The framework tells nobody of what failed.
            Context.Features.Set(refused);
        }

        return result;
    }

    private ValueTask<AuthenticateResult> JudgeAsync()
    {
        // Counted wherever it comes from, and whether anybody asks or not.
        var forwarded = proxies.Find(Context);
        if (!rules.HasAuthentication)
        {
            // There is nothing to hold a credential against, and nobody needs one.
            return ValueTask.FromResult(Credential.Anonymous.Accepted);
        }

        var authorization = Request.Headers.Authorization;
        var key = Request.Headers[KeyHeader];
        if (authorization.Count + key.Count > 1)
        {
            return ValueTask.FromResult(Several);
        }

        return key.Count == 1 ? ValueTask.FromResult(keys.Authenticate(key.ToString()))
            : authorization.Count == 1 ? JudgeAsync(authorization.ToString())
            : ValueTask.FromResult(JudgeCertificate(forwarded));
    }

    private ValueTask<AuthenticateResult> JudgeAsync(string authorization)
    {
        var token = authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization.AsSpan(Bearer.Length) : default;
        return ApiKeyText.IsKey(token) ? ValueTask.FromResult(keys.Authenticate(token))
            : rules.HasTokens && token.Length > 0 ? tokens.AuthenticateAsync(token.ToString())
            : ValueTask.FromResult(UnknownScheme);
    }

    private AuthenticateResult JudgeCertificate(string? forwarded)
    {
        if (forwarded is not null)
        {
            return certificates.Authenticate(forwarded);
        }

        return Context.Connection.ClientCertificate is { } own ? certificates.Authenticate(own)
            : rules.AllowsAnonymous ? Credential.Anonymous.Accepted
            : AuthenticateResult.NoResult();
    }
}
