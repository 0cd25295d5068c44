using Mfn.Server.Configuration;

namespace Mfn.Server.Audit;

/// <summary>Adds the audit log.</summary>
internal static class AuditExtensions
{
    /// <summary>Adds it before anything that it may have to tell of begins, so that it ends after that.</summary>
    public static void AddAudit(this IServiceCollection services)
    {
        services.AddOptions<AuditOptions>().BindConfiguration(AuditOptions.Section);
        services.AddSingleton<AuditLog>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditLog>());
        services.AddHostedService<KeyAudit>();
    }
}
