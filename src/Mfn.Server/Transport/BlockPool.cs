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

    private readonly Lock _lock = new();
    private readonly Stack<Block> _idle = [];
    private bool _isDisposed;

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
            return _idle.TryPop(out var block) ? block.Lend() : new Block(this);
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            _isDisposed = true;
            _idle.Clear();
        }
    }

    private void Return(Block block)
    {
        lock (_lock)
        {
            if (block.TryTakeBack() && !_isDisposed && _idle.Count < MaxIdleCount)
            {
                _idle.Push(block);
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
