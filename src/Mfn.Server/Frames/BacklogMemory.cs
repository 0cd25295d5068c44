using System.Buffers;
using System.Numerics;
using Mfn.Server.Memory;

namespace Mfn.Server.Frames;

/// <summary>
/// The memory of the frames that wait for watchers of live runs, and of the states that frames are still to be made of: bounded for all runs
/// together. What several watchers share is counted once.
/// </summary>
internal sealed class BacklogMemory(FieldBufferPool buffers, MemoryAccount account, long limitBytes) : IFrameMemory
{
    // Who takes no frame may not have the last of it, which whoever takes frames as they come needs for a moment.
    private const int UrgentShare = 8;

    // Each watcher may let wait a part of what is free, so that there is always some left for one more, however many there are.
    private const int WatcherShare = 16;

    /// <summary>What is free.</summary>
    public long FreeBytes => Math.Max(0, limitBytes - account.TakenFor(MemoryUse.Backlogs));

    /// <summary>The most that may wait for one watcher now.</summary>
    public long BytesForWatcher => FreeBytes / WatcherShare;

    /// <summary>Whether there is room for so much more.</summary>
    /// <param name="byteCount">How much.</param>
    /// <param name="isUrgent">Whether somebody waits for it.</param>
    public bool HasRoom(long byteCount, bool isUrgent) => byteCount <= FreeBytes - (isUrgent ? 0 : limitBytes / UrgentShare);

    /// <summary>Lends so many bytes, unless there are not so many free.</summary>
    public IMemoryOwner<byte>? TryRent(int byteCount)
    {
        // The pool's arrays are as long as powers of two.
        var reservation = account.Open(MemoryUse.Backlogs);
        if (reservation.TryResize(BitOperations.RoundUpToPowerOf2((uint)byteCount)) && account.TakenFor(MemoryUse.Backlogs) <= limitBytes)
        {
            return new ChargedBuffer(buffers.Rent(byteCount), reservation);
        }

        reservation.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public IMemoryOwner<byte> Rent(int byteCount) => TryRent(byteCount) ?? throw new BacklogMemoryException();

    private sealed class ChargedBuffer(IMemoryOwner<byte> buffer, MemoryReservation reservation) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => buffer.Memory;

        public void Dispose()
        {
            buffer.Dispose();
            reservation.Dispose();
        }
    }
}
