using System.Buffers;
using System.Numerics;
using Mfn.Server.Memory;

namespace Mfn.Server.Frames;

/// <summary>
/// The memory of the frames that wait for watchers of live runs, and of the states that frames are still to be made of: bounded for all runs
/// together. What several watchers share is counted once.
/// </summary>
/// <param name="buffers">Lends it.</param>
/// <param name="account">Where it is counted.</param>
/// <param name="mostBytes">The limit, unless it is above half of the account's.</param>
internal sealed class BacklogMemory(FieldBufferPool buffers, MemoryAccount account, long mostBytes) : IFrameMemory
{
    // Who takes no frame may not have the last of it, which whoever takes frames as they come needs for a moment.
    private const int UrgentShare = 8;

    // Each watcher may let wait a part of what is free, so that there is always some left for one more, however many there are.
    private const int WatcherShare = 16;

    // Messages that slow watchers have not taken yet are copies, and may not keep frames from being made for others.
    private const int UnsentShare = 2;

    private readonly long _limitBytes = Math.Min(mostBytes, account.LimitBytes / 2);
    private long _unsentBytes;

    /// <summary>What is taken.</summary>
    public long TakenBytes => account.TakenFor(MemoryUse.Backlogs);

    /// <summary>What is free.</summary>
    public long FreeBytes => Math.Max(0, _limitBytes - TakenBytes);

    /// <summary>The most that may wait for one watcher now.</summary>
    public long BytesForWatcher => FreeBytes / WatcherShare;

    /// <summary>Whether there is room for so much more.</summary>
    /// <param name="byteCount">How much.</param>
    /// <param name="isUrgent">Whether somebody waits for it.</param>
    public bool HasRoom(long byteCount, bool isUrgent) => byteCount <= FreeBytes - (isUrgent ? 0 : _limitBytes / UrgentShare);

    /// <summary>Counts a message that is being sent until the result is disposed; null if messages that are not taken have their share already.</summary>
    public IDisposable? TryHoldUnsent(long byteCount)
    {
        var reservation = account.Open(MemoryUse.Backlogs);
        if (Interlocked.Add(ref _unsentBytes, byteCount) <= _limitBytes / UnsentShare && reservation.TryResize(byteCount))
        {
            return new Unsent(this, reservation, byteCount);
        }

        Interlocked.Add(ref _unsentBytes, -byteCount);
        reservation.Dispose();
        return null;
    }

    /// <summary>Lends so many bytes, unless there are not so many free.</summary>
    public IMemoryOwner<byte>? TryRent(int byteCount)
    {
        // The pool's arrays are as long as powers of two.
        var reservation = account.Open(MemoryUse.Backlogs);
        if (reservation.TryResize(BitOperations.RoundUpToPowerOf2((uint)byteCount)) && TakenBytes <= _limitBytes)
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

    private sealed class Unsent(BacklogMemory memory, MemoryReservation reservation, long byteCount) : IDisposable
    {
        public void Dispose()
        {
            Interlocked.Add(ref memory._unsentBytes, -byteCount);
            reservation.Dispose();
        }
    }
}
