using System.Buffers;

namespace Mfn.Server.Frames;

/// <summary>Lends the memory of frames' fields and counts what is out.</summary>
internal sealed class FieldBufferPool : IFrameMemory
{
    private int _rentedCount;

    /// <summary>Buffers that have not come back.</summary>
    public int RentedCount => Volatile.Read(ref _rentedCount);

    /// <inheritdoc/>
    public IMemoryOwner<byte> Rent(int byteCount) => new FieldBuffer(this, byteCount);

    private sealed class FieldBuffer : IMemoryOwner<byte>
    {
        private readonly FieldBufferPool _pool;
        private readonly int _byteCount;
        private byte[]? _array;

        public FieldBuffer(FieldBufferPool pool, int byteCount)
        {
            _pool = pool;
            _byteCount = byteCount;
            _array = ArrayPool<byte>.Shared.Rent(byteCount);
            Interlocked.Increment(ref _pool._rentedCount);
        }

        public Memory<byte> Memory =>
            (_array ?? throw new ObjectDisposedException(nameof(FieldBuffer))).AsMemory(0, _byteCount);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is { } array)
            {
                ArrayPool<byte>.Shared.Return(array);
                Interlocked.Decrement(ref _pool._rentedCount);
            }
        }
    }
}
