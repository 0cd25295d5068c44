using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Security;

/// <summary>Adds what protects connections.</summary>
internal static class SecurityExtensions
{
    /// <param name="services">Where to.</param>
    /// <param name="credentials">What the server starts with.</param>
    public static void AddTls(this IServiceCollection services, TlsCredentials credentials)
    {
        services.AddSingleton(credentials);
        services.AddSingleton<ClientTrust>();
        services.AddSingleton<TlsListenerSetup>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(provider => provider.GetRequiredService<TlsListenerSetup>());
    }
}
