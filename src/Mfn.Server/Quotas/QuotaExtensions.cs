using Mfn.Server.Configuration;

namespace Mfn.Server.Quotas;

/// <summary>Adds what keeps callers within their quotas.</summary>
internal static class QuotaExtensions
{
    private const string FileSetting = $"{QuotaExceptionOptions.Section}:{nameof(QuotaExceptionOptions.File)}";

    public static void AddQuotas(this IServiceCollection services)
    {
        services.AddOptions<QuotaExceptionOptions>().BindConfiguration(QuotaExceptionOptions.Section);
        services.AddOptions<IdentityQuotaOptions>().BindConfiguration(IdentityQuotaOptions.Section);
        services.AddOptions<TenantQuotaOptions>().BindConfiguration(TenantQuotaOptions.Section);
        services.AddSingleton<QuotaRules>();
        services.AddSingleton<QuotaLedger>();
    }

    /// <summary>Gives each call the account of its caller, and refuses those for which it has too many open.</summary>
    public static void UseQuotas(this IApplicationBuilder app) => app.UseMiddleware<QuotaMiddleware>();

    /// <summary>Notes among the problems of the settings what is wrong with the file of quotas.</summary>
    public static void CheckQuotas(this ServerSettings settings)
    {
        if (settings.Find(FileSetting) is not { Length: > 0 } path)
        {
            return;
        }

        if (settings.ReadFile(FileSetting, out var text) is { } unread)
        {
            settings.Problems.Add($"{settings.NameOf(FileSetting)} {unread}");
            return;
        }

        try
        {
            QuotaExceptions.Read(text);
        }
        catch (InvalidDataException error)
        {
            settings.Problems.Add($"{settings.NameOf(FileSetting)} must be a file of quotas, but '{path}' {error.Message}");
        }
    }
}
