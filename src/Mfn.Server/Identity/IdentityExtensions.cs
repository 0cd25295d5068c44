using Mfn.Server.Configuration;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace Mfn.Server.Identity;

/// <summary>Adds what finds out who is calling, and what that caller may do.</summary>
internal static class IdentityExtensions
{
    /// <typeparam name="TRefusal">Answers the calls of those who are not known, or may not do what they ask for.</typeparam>
    public static void AddIdentity<TRefusal>(this IServiceCollection services, AccessRules rules)
        where TRefusal : class, IAuthorizationMiddlewareResultHandler
    {
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section);
        services.AddOptions<ApiKeyOptions>().BindConfiguration(ApiKeyOptions.Section);
        services.AddOptions<TlsOptions>().BindConfiguration(TlsOptions.Section);
        services.AddOptions<JwtOptions>().BindConfiguration(JwtOptions.Section);
        services.AddOptions<CertificateOptions>().BindConfiguration(CertificateOptions.Section);
        services.AddOptions<ProxyOptions>().BindConfiguration(ProxyOptions.Section);
        services.AddSingleton(rules);
        services.AddSingleton<TokenKeys>();
        services.AddSingleton<TokenStore>();
        services.AddSingleton<CertificateStore>();
        services.AddSingleton<TrustedProxies>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, TRefusal>();
        services.AddSingleton<ApiKeyStore>();
        services.AddHostedService(provider => provider.GetRequiredService<ApiKeyStore>());
        services.AddHostedService<AccessNotice>();

        // Not AddAuthentication, which keeps keys on disk that nothing here needs.
        services.AddWebEncoders();
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = CallerAuthentication.SchemeName);
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, CallerAuthentication>(CallerAuthentication.SchemeName, configureOptions: null);

        // A fallback cannot be forgotten at an endpoint.
        services.AddAuthorization(authorization =>
            authorization.FallbackPolicy = new AuthorizationPolicyBuilder().AddRequirements(new PermissionRequirement()).Build());
    }

    /// <summary>Asks who is calling, and whether it may, before any call is served.</summary>
    public static void UseIdentity(this IApplicationBuilder app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
    }
}
