using Mfn.Server.Logging;

namespace Mfn.Server.Identity;

/// <summary>Says in the log, when the server starts, what strangers may do.</summary>
internal sealed partial class AccessNotice(AccessRules rules, IServiceProvider services, ILogger<AccessNotice> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Files are read, and issuers asked, before the first call.
        _ = (services.GetRequiredService<TokenStore>(), services.GetRequiredService<CertificateStore>());
        foreach (var warning in rules.Warnings)
        {
            LogWarning(warning);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 1200, EventName = "AccessQuestionable", Level = LogLevel.Warning, Message = "{Warning}")]
    [LogMeaning("Who may call is set in a way that one should know of, such as that everybody may.")]
    private partial void LogWarning(string warning);
}
