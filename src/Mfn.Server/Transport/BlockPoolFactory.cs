using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Mfn.Server.Transport;

/// <summary>Gives Kestrel its pools.</summary>
internal sealed class BlockPoolFactory(TimeProvider clock) : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new BlockPool(clock);
}
