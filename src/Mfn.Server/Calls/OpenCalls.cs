using Grpc.Core;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Mfn.Server.Observability;
using Mfn.Server.Transport;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Calls;

/// <summary>
/// Counts the calls that are open. Kestrel announces how many a connection may have, and a client keeps one too many to itself, or opens another
/// connection. Clients that do neither leave that call hanging without a word: with <see cref="LimitsOptions.AnnounceSpareStreams"/> Kestrel announces more
/// (<see cref="KestrelLimit"/>), and one too many is refused here.
/// </summary>
internal sealed partial class OpenCalls(IOptions<LimitsOptions> options, ServerMetrics metrics, TimeProvider clock, ILogger<OpenCalls> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    private readonly ServerMetrics _metrics = metrics;
    private readonly int _limit = options.Value.MaxStreamsPerConnection;
    private readonly bool _refuses = options.Value.AnnounceSpareStreams;
    private readonly LogQuota _quota = new(clock);
    private int _count;

    /// <summary>Calls open on all connections.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Waits until none is open, and what they said last has had a moment to go out, but not longer than a time. For the server's end, when no more begin.
    /// </summary>
    public async Task WaitForNoneAsync(TimeSpan timeout)
    {
        var start = clock.GetTimestamp();
        while (Count > 0 && clock.GetElapsedTime(start) < timeout)
        {
            await Task.Delay(LookInterval, clock);
        }

        await Task.Delay(LookInterval, clock);
    }

    /// <summary>Streams a connection for Kestrel, which it announces: with room above the limit for refusals to be answered, if they are.</summary>
    public static int KestrelLimit(LimitsOptions limits) =>
        limits.AnnounceSpareStreams ? (2 * limits.MaxStreamsPerConnection) + 64 : limits.MaxStreamsPerConnection;

    /// <summary>Lets each connection count its calls from its beginning on: Kestrel does not make its items for several calls at once.</summary>
    public static void CountFor(ListenOptions endpoint) => endpoint.Use(next => connection =>
    {
        connection.Items[typeof(ConnectionCalls)] = new ConnectionCalls();
        return next(connection);
    });

    /// <summary>Counts the call as open until the result is disposed; the first of a connection frees what Kestrel holds for nothing.</summary>
    /// <exception cref="CallRefusedException">The connection has too many open calls.</exception>
    public IDisposable Open(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        var connection = (ConnectionCalls)http.Features.GetRequiredFeature<IConnectionItemsFeature>().Items[typeof(ConnectionCalls)]!;
        if (Interlocked.Exchange(ref connection.HadCall, 1) == 0)
        {
            HeaderBuffer.Shrink(http);
        }

        // Kestrel lets a client begin a call as soon as it has reset another, which may be open here for a moment longer.
        var call = new OpenCall(this, connection);
        if (call.Position == _limit)
        {
            NoteFull(http.Connection.Id);
        }

        if (call.Position <= _limit || !_refuses)
        {
            return call;
        }

        call.Dispose();
        throw CallRefusedException.OverLimit(
            $"This connection already has {_limit} open calls, the most that the server allows on one. End a call or open another connection; "
            + "it may be a proxy's, that sends the calls of many clients over one: let it have fewer streams on each.",
            RetryDelay);
    }

    private void NoteFull(string connectionId)
    {
        _metrics.FullConnections.Inc();
        if (!_refuses && _quota.TryTake(out var unsaidCount))
        {
            LogFull(connectionId, _limit, unsaidCount);
        }
    }

    [LoggerMessage(
        EventId = 1100,
        EventName = "ConnectionFilled",
        Level = LogLevel.Warning,
        Message = "Connection {ConnectionId}, which may be a proxy's, has as many open calls as one may have ({Limit}): further ones wait in the client. {UnsaidCount} such since the last message")]
    [LogMeaning("A client or a proxy has more calls than one connection may have open. Nothing is lost, but calls wait: open more connections, or raise `Limits:MaxStreamsPerConnection` ([proxies](proxies.md)).")]
    private partial void LogFull(string connectionId, int limit, long unsaidCount);

    private sealed class ConnectionCalls
    {
        public int Count;
        public int HadCall;
    }

    private sealed class OpenCall : IDisposable
    {
        private readonly OpenCalls _all;
        private readonly ConnectionCalls _connection;

        public OpenCall(OpenCalls all, ConnectionCalls connection)
        {
            _all = all;
            _connection = connection;
            Interlocked.Increment(ref _all._count);
            Position = Interlocked.Increment(ref _connection.Count);
        }

        public int Position { get; }

        public void Dispose()
        {
            Interlocked.Decrement(ref _connection.Count);
            Interlocked.Decrement(ref _all._count);
        }
    }
}
