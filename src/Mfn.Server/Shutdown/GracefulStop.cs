using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Health;
using Mfn.Server.Lifetime;
using Mfn.Server.Logging;
using Mfn.Server.Transport;
using Microsoft.Extensions.Options;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Mfn.Server.Shutdown;

/// <summary>
/// What happens between SIGTERM and the closing of the listeners: health turns NOT_SERVING, new computations are refused, those under way get the
/// drain time, and what is left then ends with UNAVAILABLE; then connections are closed.
/// </summary>
internal sealed partial class GracefulStop(
    ServerLifetime lifetime, ComputePlaces places, OpenCalls calls, OpenConnections connections, HealthAnnouncer health, IOptions<ShutdownOptions> options, TimeProvider clock, ILogger<GracefulStop> logger)
    : IHostedLifecycleService, IConfigureOptions<HostOptions>
{
    // After the drain time, for calls to be told so.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    // After that, for connections to close, and for Kestrel to abort those that do not in half of it.
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(10);

    public void Configure(HostOptions host) => host.ShutdownTimeout = options.Value.DrainTime + AnswerTime + ClosingTime;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // Before the first call: health is answered from what was announced.
        health.Announce(ServingStatus.Serving);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        lifetime.BeginDraining();
        var emptied = places.StopAccepting();
        health.Announce(ServingStatus.NotServing);
        LogDraining(places.TakenCount, options.Value.DrainTime);
        try
        {
            await emptied.WaitAsync(options.Value.DrainTime, clock, cancellationToken);
        }
        catch (Exception timeIsUp) when (timeIsUp is TimeoutException or OperationCanceledException)
        {
            LogStopped(places.TakenCount);
        }

        lifetime.EndDraining();

        // Kestrel closes a connection with its last stream, even if the stream's status has not gone out yet.
        await calls.WaitForNoneAsync(AnswerTime);
        await connections.CloseAsync(ClosingTime / 2, clock);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 1700, EventName = "Draining", Level = LogLevel.Information, Message = "Stopping: {Count} computations under way have {DrainTime} to end")]
    [LogMeaning("The server was asked to stop, and lets calls end ([durability](durability.md)).")]
    private partial void LogDraining(int count, TimeSpan drainTime);

    [LoggerMessage(EventId = 1701, EventName = "ComputationsStopped", Level = LogLevel.Warning, Message = "Stopped {Count} computations after the drain time")]
    [LogMeaning("`Shutdown:DrainTime` was too short for what was under way.")]
    private partial void LogStopped(int count);
}
