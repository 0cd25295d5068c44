using Grpc.Core;
using Mfn.Server.Configuration;
using Mfn.Server.Observability;
using Mfn.Server.Transport;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Calls;

/// <summary>
/// Counts the calls that are open, and refuses one too many on a connection. Kestrel's own limit would leave that call hanging in the client
/// without a word, so Kestrel is told a higher one (<see cref="KestrelLimit"/>) and this one answers.
/// </summary>
internal sealed class OpenCalls(IOptions<LimitsOptions> options, ServerMeter meter)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly ServerMeter _meter = meter;
    private readonly int _limit = options.Value.MaxStreamsPerConnection;
    private int _count;

    /// <summary>Calls open on all connections.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Streams a connection for Kestrel: room above the limit for the refusals to be answered.</summary>
    public static int KestrelLimit(LimitsOptions limits) => (2 * limits.MaxStreamsPerConnection) + 64;

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

        var call = new OpenCall(this, connection);
        if (call.Position <= _limit)
        {
            return call;
        }

        call.Dispose();
        _meter.RefusedCalls.Add(1);
        throw CallRefusedException.OverLimit(
            $"This connection already has {_limit} open calls, the most that the server allows on one. End a call or open another connection.",
            RetryDelay);
    }

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
            _all._meter.OpenCalls.Add(1);
            Position = Interlocked.Increment(ref _connection.Count);
        }

        public int Position { get; }

        public void Dispose()
        {
            Interlocked.Decrement(ref _connection.Count);
            Interlocked.Decrement(ref _all._count);
            _all._meter.OpenCalls.Add(-1);
        }
    }
}
