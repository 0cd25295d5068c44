using System.Buffers;
using System.Runtime.InteropServices;

namespace Mfn.Server.Transport;

/// <summary>
/// Lends the memory that connections read into and write from, in blocks large enough for a field: a message of 1 MiB is 16 pieces to copy
/// and to send, not the 256 of Kestrel's own pool. The block that came back last goes out first, while it is still in the processor's cache.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockSize = 64 * 1024;

    /// <summary>Blocks that wait for their next use; what is returned beyond them is garbage.</summary>
    public const int MaxIdleCount = 512;

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<Block> _idle = [];
    private readonly ITimer _trimming;
    private int _unusedCount;
    private bool _isDisposed;

    /// <summary>A pool that lets go of blocks which nobody has needed for a while: many connections may have come and gone quiet.</summary>
    public BlockPool(TimeProvider clock) => _trimming = clock.CreateTimer(_ => TrimUnused(), state: null, TrimInterval, TrimInterval);

    public override int MaxBufferSize => BlockSize;

    /// <summary>Blocks that could be lent without allocating.</summary>
    public int IdleCount
    {
        get
        {
            lock (_lock)
            {
                return _idle.Count;
            }
        }
    }

    /// <summary>Lends one block, whatever smaller size is asked for. Its contents are whatever they were.</summary>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        lock (_lock)
        {
            if (_idle.Count == 0)
            {
                return new Block(this);
            }

            var block = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            _unusedCount = Math.Min(_unusedCount, _idle.Count);
            return block.Lend();
        }
    }

    /// <summary>Lets go of the blocks that have been idle since this was called last.</summary>
    public void TrimUnused()
    {
        lock (_lock)
        {
            _idle.RemoveRange(0, _unusedCount);
            _unusedCount = _idle.Count;
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            _isDisposed = true;
            _trimming.Dispose();
            _idle.Clear();
            _unusedCount = 0;
        }
    }

    private void Return(Block block)
    {
        lock (_lock)
        {
            if (block.TryTakeBack() && !_isDisposed && _idle.Count < MaxIdleCount)
            {
                _idle.Add(block);
            }
        }
    }

    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        private bool _isLent = true;

        // Pinned for good, so that sending it needs no handle.
        public Memory<byte> Memory { get; } =
            MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true), 0, BlockSize);

        public Block Lend()
        {
            _isLent = true;
            return this;
        }

        /// <summary>False if it is not lent: nobody may have it twice.</summary>
        public bool TryTakeBack()
        {
            var wasLent = _isLent;
            _isLent = false;
            return wasLent;
        }

        public void Dispose() => pool.Return(this);
    }
}
