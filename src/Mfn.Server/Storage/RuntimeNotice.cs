using Mfn.Server.Logging;

namespace Mfn.Server.Storage;

/// <summary>Says once, when the server starts, what is wrong with the runtime that it runs on.</summary>
internal sealed partial class RuntimeNotice(ILogger<RuntimeNotice> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (RuntimeFlush.HidesFailures(Environment.Version))
        {
            LogHiddenFailures(Environment.Version);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        EventId = 1332,
        EventName = "RuntimeOutdated",
        Level = LogLevel.Warning,
        Message = ".NET {Version} takes a failed flush to disk for success. The server checks its own, but update the runtime to 10.0.15 or newer")]
    [LogMeaning("The .NET runtime has a fault that matters to what is kept on disk. Update it.")]
    private partial void LogHiddenFailures(Version version);
}
