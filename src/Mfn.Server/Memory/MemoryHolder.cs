using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Mfn.Server.Memory;

/// <summary>One of those among whom the memory is shared, such as a connection: it may have only so much of it.</summary>
internal sealed class MemoryHolder
{
    private long _takenBytes;

    /// <summary>What it has.</summary>
    public long TakenBytes => Volatile.Read(ref _takenBytes);

    /// <summary>The connection of a call.</summary>
    public static MemoryHolder Of(HttpContext call) =>
        (MemoryHolder)call.Features.GetRequiredFeature<IConnectionItemsFeature>().Items[typeof(MemoryHolder)]!;

    /// <inheritdoc cref="Of(HttpContext)"/>
    public static MemoryHolder Of(ServerCallContext call) => Of(call.GetHttpContext());

    /// <summary>Adds to what it has, or takes from it; returns what it has then.</summary>
    internal long Add(long byteCount) => Interlocked.Add(ref _takenBytes, byteCount);
}
