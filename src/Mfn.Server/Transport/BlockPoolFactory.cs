using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Mfn.Server.Transport;

/// <summary>Gives Kestrel its pools.</summary>
internal sealed class BlockPoolFactory(TimeProvider clock) : IMemoryPoolFactory<byte>
{
    private readonly Lock _lock = new();
    private readonly List<WeakReference<BlockPool>> _pools = [];

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null)
    {
        var pool = new BlockPool(clock);
        lock (_lock)
        {
            _pools.RemoveAll(known => !known.TryGetTarget(out _));
            _pools.Add(new WeakReference<BlockPool>(pool));
        }

        return pool;
    }

    /// <summary>Lets go of all blocks that are idle, of every pool.</summary>
    public void LetGo()
    {
        lock (_lock)
        {
            foreach (var known in _pools)
            {
                if (known.TryGetTarget(out var pool))
                {
                    pool.LetGo();
                }
            }
        }
    }
}
