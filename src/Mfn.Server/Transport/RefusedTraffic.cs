using Mfn.Server.Logging;
using Mfn.Server.Observability;
using Mfn.Server.Texts;

namespace Mfn.Server.Transport;

/// <summary>
/// Says in the server's log what Kestrel refuses before a call begins, which Kestrel says only to those who debug it: a proxy that does not speak
/// HTTP/2 or whose frames are wrong, a handshake that fails. It listens to Kestrel's own messages, and passes on few of them a minute.
/// </summary>
internal sealed partial class RefusedTraffic(IServiceProvider services, ServerMetrics metrics, TimeProvider clock) : ILoggerProvider
{
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel";

    // Some reasons quote what a client sent.
    private const int MaxReasonLength = 200;

    private static readonly HashSet<string> Refusals =
    [
        "AuthenticationFailed",
        "AuthenticationTimedOut",
        "ConnectionBadRequest",
        "ConnectionRejected",
        "HPackDecodingError",
        "Http2ConnectionError",
        "Http2QueueOperationsExceeded",
        "Http2StreamError",
        "Http2StreamResetAbort",
        "Http2UnexpectedConnectionQueueError",
        "PossibleInvalidHttpVersionDetected",
    ];

    private readonly LogQuota _quota = new(clock);
    private ILogger? _log;

    /// <summary>Lets it hear what Kestrel says in a whisper.</summary>
    public static void ListenIn(ILoggingBuilder logging)
    {
        logging.Services.AddSingleton<ILoggerProvider, RefusedTraffic>();
        logging.AddFilter<RefusedTraffic>(category: null, LogLevel.None);

        // All of it: some of its categories speak only when the general one is heard.
        logging.AddFilter<RefusedTraffic>(Kestrel, LogLevel.Debug);
        logging.AddFilter<RefusedTraffic>($"{Kestrel}.Transport", LogLevel.None);
    }

    public ILogger CreateLogger(string categoryName) => new Listener(this);

    public void Dispose()
    {
    }

    private void Note(string reason)
    {
        metrics.RefusedTraffic.Inc();
        if (_quota.TryTake(out var unsaidCount))
        {
            // Made late: the factory makes this provider.
            if ((_log ??= FindLog()) is { } log)
            {
                LogRefused(log, CallersText.Show(reason, MaxReasonLength), unsaidCount);
            }
        }
    }

    /// <summary>The log; null when the host has gone, while its last connections still fail.</summary>
    private ILogger<RefusedTraffic>? FindLog()
    {
        try
        {
            return services.GetRequiredService<ILogger<RefusedTraffic>>();
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    [LoggerMessage(EventId = 1101, EventName = "TrafficRefused", Level = LogLevel.Warning, Message = "Refused before a call began: {Reason} ({UnsaidCount} more such since the last message)")]
    [LogMeaning("Something came that is no call: HTTP/1.1 where HTTP/2 was expected, a failed handshake, a broken frame. Look at what probes or proxies that port; at most 10 lines a minute.")]
    private static partial void LogRefused(ILogger logger, string reason, long unsaidCount);

    private sealed class Listener(RefusedTraffic traffic) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name is { } name && Refusals.Contains(name) && !IsOurs(state))
            {
                var cause = exception?.GetBaseException().Message;
                traffic.Note(cause is null ? formatter(state, null) : $"{formatter(state, null)} {cause}");
            }
        }

        /// <summary>Whether it tells of a stream that the server itself has reset, in the midst of a call.</summary>
        private static bool IsOurs<TState>(TState state) =>
            state is IEnumerable<KeyValuePair<string, object?>> values && values.Any(value => value.Value?.ToString() is "INTERNAL_ERROR" or "NO_ERROR" or "CANCEL");
    }
}
