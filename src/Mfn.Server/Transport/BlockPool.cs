using System.Buffers;
using System.Runtime.InteropServices;

namespace Mfn.Server.Transport;

/// <summary>
/// Lends the memory that connections read into and write from, in blocks large enough for a field: a message of 1 MiB is 16 pieces to copy
/// and to send, not the 256 of Kestrel's own pool. The block that came back last goes out first, while it is still in the processor's cache.
/// When very many connections have something to read or to write at once, most get small blocks, so that a rush of small messages takes little.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockSize = 64 * 1024;

    /// <summary>Bytes of a small block.</summary>
    public const int SmallBlockSize = 4096;

    /// <summary>Blocks of this size that are lent at once, unless a small one would not do; and that wait for their next use.</summary>
    public const int MaxLargeCount = 512;

    /// <summary>Small blocks that wait for their next use; what is returned beyond them is garbage.</summary>
    public const int MaxIdleSmallCount = 4096;

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Shelf _large = new(BlockSize, MaxLargeCount);
    private readonly Shelf _small = new(SmallBlockSize, MaxIdleSmallCount);
    private readonly ITimer _trimming;
    private bool _isDisposed;

    /// <summary>A pool that lets go of blocks which nobody has needed for a while: many connections may have come and gone quiet.</summary>
    public BlockPool(TimeProvider clock) => _trimming = clock.CreateTimer(_ => TrimUnused(), state: null, TrimInterval, TrimInterval);

    public override int MaxBufferSize => BlockSize;

    /// <summary>Blocks of any size that could be lent without allocating.</summary>
    public int IdleCount
    {
        get
        {
            lock (_lock)
            {
                return _large.IdleCount + _small.IdleCount;
            }
        }
    }

    /// <summary>Lends one block, whatever smaller size is asked for. Its contents are whatever they were.</summary>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        lock (_lock)
        {
            var shelf = _large.LentCount < MaxLargeCount || minBufferSize > SmallBlockSize ? _large : _small;
            return shelf.Lend() ?? new Block(this, shelf);
        }
    }

    /// <summary>Lets go of the blocks that have been idle since this was called last.</summary>
    public void TrimUnused()
    {
        lock (_lock)
        {
            _large.TrimUnused();
            _small.TrimUnused();
        }
    }

    /// <summary>Lets go of all blocks that are idle.</summary>
    public void LetGo()
    {
        lock (_lock)
        {
            _large.Clear();
            _small.Clear();
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            _isDisposed = true;
            _trimming.Dispose();
            _large.Clear();
            _small.Clear();
        }
    }

    private void Return(Block block, Shelf shelf)
    {
        lock (_lock)
        {
            if (block.TryTakeBack())
            {
                shelf.TakeBack(block, keeps: !_isDisposed);
            }
        }
    }

    /// <summary>The blocks of one size. Used under the pool's lock.</summary>
    private sealed class Shelf(int size, int maxIdleCount)
    {
        private readonly List<Block> _idle = [];
        private int _unusedCount;

        public int Size => size;

        public int IdleCount => _idle.Count;

        public int LentCount { get; private set; }

        /// <summary>The block that came back last; null if a new one is to be made, which counts as lent.</summary>
        public Block? Lend()
        {
            LentCount++;
            if (_idle.Count == 0)
            {
                return null;
            }

            var block = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            _unusedCount = Math.Min(_unusedCount, _idle.Count);
            return block.Lend();
        }

        public void TakeBack(Block block, bool keeps)
        {
            LentCount--;
            if (keeps && _idle.Count < maxIdleCount)
            {
                _idle.Add(block);
            }
        }

        public void TrimUnused()
        {
            _idle.RemoveRange(0, _unusedCount);
            _unusedCount = _idle.Count;
        }

        public void Clear()
        {
            _idle.Clear();
            _idle.TrimExcess();
            _unusedCount = 0;
        }
    }

    private sealed class Block(BlockPool pool, Shelf shelf) : IMemoryOwner<byte>
    {
        private bool _isLent = true;

        // Pinned for good, so that sending it needs no handle.
        public Memory<byte> Memory { get; } =
            MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(shelf.Size, pinned: true), 0, shelf.Size);

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

        public void Dispose() => pool.Return(this, shelf);
    }
}
