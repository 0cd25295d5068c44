using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Mfn.Server.Memory;

/// <summary>
/// One of those among whom the memory, and whatever else there is only so much of, is shared: a connection, an identity, or a call, which takes from its
/// connection's share and, once it is known who calls, from its identity's. Thread-safe.
/// </summary>
internal sealed class MemoryHolder
{
    private readonly Lock _lock = new();
    private readonly MemoryHolder? _connection;
    private MemoryHolder? _caller;
    private long _takenBytes;

    /// <summary>A connection, or an identity.</summary>
    public MemoryHolder()
    {
    }

    /// <summary>A call.</summary>
    public MemoryHolder(MemoryHolder connection) => _connection = connection;

    /// <summary>The connection of a call, or itself.</summary>
    public MemoryHolder Connection => _connection ?? this;

    /// <summary>The identity of a call; null if all share what there is.</summary>
    public MemoryHolder? Caller => Volatile.Read(ref _caller);

    /// <summary>What it has; of a call, what its connection has.</summary>
    public long TakenBytes => Volatile.Read(ref Connection._takenBytes);

    /// <summary>Who a call takes from.</summary>
    public static MemoryHolder Of(HttpContext call) =>
        call.Features.Get<MemoryHolder>() ?? (MemoryHolder)call.Features.GetRequiredFeature<IConnectionItemsFeature>().Items[typeof(MemoryHolder)]!;

    /// <inheritdoc cref="Of(HttpContext)"/>
    public static MemoryHolder Of(ServerCallContext call) => Of(call.GetHttpContext());

    /// <summary>From now on, and with what it has, a call counts for an identity.</summary>
    public void AssignTo(MemoryHolder caller)
    {
        lock (_lock)
        {
            caller.Add(_takenBytes);
            _caller = caller;
        }
    }

    /// <summary>Adds to what it has, or takes from it; returns what it, or the connection of a call, has then.</summary>
    internal long Add(long byteCount)
    {
        if (_connection is null)
        {
            return Interlocked.Add(ref _takenBytes, byteCount);
        }

        lock (_lock)
        {
            _takenBytes += byteCount;
            _caller?.Add(byteCount);
        }

        return _connection.Add(byteCount);
    }
}
