using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Memory;

/// <summary>
/// The memory that the server takes for its clients, all of it together within one limit, whatever it is for, and for each holder within its
/// share. Memory that was given back but not collected yet is not free: it would come on top.
/// </summary>
internal sealed class MemoryAccount
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // Smaller arrays are young when they are let go of, and collected soon.
    private const long LeastDiscarded = 64 * 1024;

    // A full collection takes a few milliseconds, whatever the size of the arrays.
    private const long WorthCollecting = 64L << 20;

    private readonly Lock _collecting = new();
    private readonly long[] _takenBytes = new long[Enum.GetValues<MemoryUse>().Length];
    private readonly long _mostDiscarded;
    private long _discardedBytes;

    public MemoryAccount(IOptions<LimitsOptions> limits)
    {
        LimitBytes = limits.Value.MaxMemoryBytes;
        ShareBytes = (long)(LimitBytes * limits.Value.MaxConnectionShare);
        _mostDiscarded = Math.Max(WorthCollecting, LimitBytes / 8);
    }

    /// <summary>The most that may be held.</summary>
    public long LimitBytes { get; }

    /// <summary>The most that one holder may hold.</summary>
    public long ShareBytes { get; }

    /// <summary>What is held.</summary>
    public long TakenBytes
    {
        get
        {
            var sum = 0L;
            for (var use = 0; use < _takenBytes.Length; use++)
            {
                sum += Volatile.Read(ref _takenBytes[use]);
            }

            return sum;
        }
    }

    /// <summary>What was given back since the last collection.</summary>
    public long DiscardedBytes => Volatile.Read(ref _discardedBytes);

    /// <summary>What is held for one use.</summary>
    public long TakenFor(MemoryUse use) => Volatile.Read(ref _takenBytes[(int)use]);

    /// <summary>A reservation that holds nothing yet.</summary>
    public MemoryReservation Open(MemoryUse use, MemoryHolder? holder = null) => new(this, use, holder);

    /// <summary>Collects what was given back.</summary>
    public void Collect()
    {
        lock (_collecting)
        {
            Interlocked.Exchange(ref _discardedBytes, 0);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        }
    }

    /// <summary>Collects, and gives what is free back to the system.</summary>
    public void Trim()
    {
        lock (_collecting)
        {
            Interlocked.Exchange(ref _discardedBytes, 0);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    /// <summary>Takes memory if there is any.</summary>
    internal bool TryTake(MemoryUse use, MemoryHolder? holder, long byteCount)
    {
        if (holder?.Add(byteCount) > ShareBytes)
        {
            holder.Add(-byteCount);
            return false;
        }

        Interlocked.Add(ref _takenBytes[(int)use], byteCount);
        var taken = TakenBytes;
        if (taken > LimitFor(holder, byteCount))
        {
            Interlocked.Add(ref _takenBytes[(int)use], -byteCount);
            holder?.Add(-byteCount);
            return false;
        }

        if (taken + DiscardedBytes > LimitBytes)
        {
            CollectUnlessDone(taken);
        }

        return true;
    }

    /// <summary>Takes memory whether there is any or not.</summary>
    internal void Take(MemoryUse use, MemoryHolder? holder, long byteCount)
    {
        holder?.Add(byteCount);
        Interlocked.Add(ref _takenBytes[(int)use], byteCount);
    }

    /// <summary>Why so many more bytes could not be taken.</summary>
    internal CallRefusedException Refuse(MemoryUse use, MemoryHolder? holder, long byteCount)
    {
        var isShare = holder?.TakenBytes + byteCount > ShareBytes;
        var (limit, taken, whose, setting) = isShare
            ? (ShareBytes, holder!.TakenBytes, "one connection", "Limits:MaxConnectionShare")
            : (LimitFor(holder, byteCount), TakenBytes, holder is null ? "everything that it holds" : "all calls, of its memory", "Limits:MaxMemoryBytes");
        return byteCount > limit
            ? CallRefusedException.TooLarge(
                $"{byteCount} bytes for {Words(use)} exceed the {limit} that the server allows for {whose} ({setting}).", byteCount, limit)
            : CallRefusedException.OverLimit(
                $"{byteCount} more bytes for {Words(use)} would exceed the {limit} that the server allows for {whose} ({setting}), of which {taken} are taken.",
                RetryDelay);
    }

    internal void Return(MemoryUse use, MemoryHolder? holder, long byteCount)
    {
        if (byteCount == 0)
        {
            return;
        }

        Interlocked.Add(ref _takenBytes[(int)use], -byteCount);
        holder?.Add(-byteCount);

        // Frames' memory goes back to a pool, which lends it again.
        if (byteCount >= LeastDiscarded && use != MemoryUse.Backlogs && Interlocked.Add(ref _discardedBytes, byteCount) > _mostDiscarded)
        {
            CollectUnlessDone(LimitBytes);
        }
    }

    /// <summary>What calls take leaves an eighth to the frames of live runs, and what takes much another one to small calls.</summary>
    private long LimitFor(MemoryHolder? holder, long byteCount) =>
        holder is null ? LimitBytes : byteCount > LeastDiscarded ? LimitBytes / 8 * 6 : LimitBytes / 8 * 7;

    /// <summary>Collects, unless somebody has while this waited for it.</summary>
    private void CollectUnlessDone(long takenBytes)
    {
        lock (_collecting)
        {
            if (takenBytes + DiscardedBytes > LimitBytes)
            {
                Collect();
            }
        }
    }

    private static string Words(MemoryUse use) => use switch
    {
        MemoryUse.Connections => "connections",
        MemoryUse.Requests => "requests",
        MemoryUse.Answers => "answers",
        MemoryUse.Imports => "imports",
        MemoryUse.Backlogs => "backlogs",
        MemoryUse.Rounds => "rounds",
        MemoryUse.History => "history",
        MemoryUse.Runs => "runs",
        _ => throw new ArgumentOutOfRangeException(nameof(use)),
    };
}
