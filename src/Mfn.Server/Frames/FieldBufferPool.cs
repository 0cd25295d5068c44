using System.Buffers;
using Mfn.Server.Memory;

namespace Mfn.Server.Frames;

/// <summary>Lends the memory of frames' fields and counts what is out.</summary>
/// <remarks>Its arrays are not those of the runtime's pool, which keeps them for a minute and longer after the last use.</remarks>
internal sealed class FieldBufferPool : IFrameMemory, IIdleMemory
{
    private const int LargestKept = 64 << 20;
    private const int MostKeptOfASize = 32;

    private ArrayPool<byte> _arrays = ArrayPool<byte>.Create(LargestKept, MostKeptOfASize);

    private int _rentedCount;

    /// <summary>Buffers that have not come back.</summary>
    public int RentedCount => Volatile.Read(ref _rentedCount);

    /// <inheritdoc/>
    public IMemoryOwner<byte> Rent(int byteCount) => new FieldBuffer(this, byteCount);

    /// <summary>Lets go of the arrays that came back.</summary>
    public void LetGo() => Volatile.Write(ref _arrays, ArrayPool<byte>.Create(LargestKept, MostKeptOfASize));

    private sealed class FieldBuffer : IMemoryOwner<byte>
    {
        private readonly FieldBufferPool _pool;
        private readonly ArrayPool<byte> _arrays;
        private readonly int _byteCount;
        private byte[]? _array;

        public FieldBuffer(FieldBufferPool pool, int byteCount)
        {
            _pool = pool;
            _byteCount = byteCount;
            _arrays = Volatile.Read(ref pool._arrays);
            _array = _arrays.Rent(byteCount);
            Interlocked.Increment(ref _pool._rentedCount);
        }

        public Memory<byte> Memory =>
            (_array ?? throw new ObjectDisposedException(nameof(FieldBuffer))).AsMemory(0, _byteCount);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is { } array)
            {
                _arrays.Return(array);
                Interlocked.Decrement(ref _pool._rentedCount);
            }
        }
    }
}
