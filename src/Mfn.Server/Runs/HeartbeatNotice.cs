using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Runs;

/// <summary>Says once, when the server starts, that heartbeats are too rare for what may be between it and its watchers.</summary>
internal sealed partial class HeartbeatNotice(IOptions<RunsOptions> options, ILogger<HeartbeatNotice> logger) : IHostedService
{
    /// <summary>Two of these pass before the time-outs that proxies come with, of 50 s and more, run out.</summary>
    public static readonly TimeSpan LongestSafeInterval = TimeSpan.FromSeconds(25);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.HeartbeatInterval is var interval && interval > LongestSafeInterval)
        {
            LogRare(interval, LongestSafeInterval);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        EventId = 1321,
        EventName = "HeartbeatRare",
        Level = LogLevel.Warning,
        Message = "Runs:HeartbeatInterval is {Interval}: proxies end streams that are silent for 50 to 60 s unless told otherwise, and some clients take them for dead. At most {Safe} is safe")]
    [LogMeaning("`Runs:HeartbeatInterval` is so long that proxies will take quiet streams for dead.")]
    private partial void LogRare(TimeSpan interval, TimeSpan safe);
}
