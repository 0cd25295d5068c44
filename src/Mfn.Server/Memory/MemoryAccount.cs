using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Memory;

/// <summary>
/// The memory that the server takes for its clients, all of it together within one limit, whatever it is for, and for each holder within its
/// share. Memory that was given back but not collected yet is not free: it would come on top.
/// </summary>
/// <remarks>
/// Connections, small and large pieces of calls, and live runs with their watchers each have an eighth that the others cannot take; each may take whatever else is free.
/// </remarks>
internal sealed class MemoryAccount
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private const int KeptShare = 8;

    // Smaller arrays are young when they are let go of, and collected soon.
    private const long LeastDiscarded = 64 * 1024;

    // A full collection takes a few milliseconds, whatever the size of the arrays.
    private const long WorthCollecting = 64L << 20;

    // Some dozens of small calls.
    private const long LittleBytes = 512 * 1024;

    private readonly IReadOnlyList<IIdleMemory> _idle;
    private readonly Lock _collecting = new();
    private readonly long[] _takenBytes = new long[Enum.GetValues<MemoryUse>().Length];
    private readonly long[] _takenByPart = new long[Enum.GetValues<MemoryPart>().Length];
    private readonly FairShare _share;
    private readonly long _keptBytes;
    private readonly long _mostDiscarded;
    private long _discardedBytes;

    /// <param name="limits">How much.</param>
    /// <param name="idle">What keeps memory that nobody uses.</param>
    public MemoryAccount(IOptions<LimitsOptions> limits, IEnumerable<IIdleMemory> idle)
    {
        _idle = [.. idle];
        LimitBytes = limits.Value.MaxMemoryBytes;
        _share = new FairShare(limits.Value.MaxConnectionShare);
        ShareBytes = (long)(LimitBytes * limits.Value.MaxConnectionShare);
        _keptBytes = LimitBytes / KeptShare;
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
    public MemoryReservation Open(MemoryUse use, MemoryHolder? holder = null, IBytesQuota? quota = null) => new(this, use, holder, quota);

    /// <summary>Collects what was given back.</summary>
    public void Collect()
    {
        lock (_collecting)
        {
            Interlocked.Exchange(ref _discardedBytes, 0);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        }
    }

    /// <summary>Collects, and gives what is free back to the system, and what is kept for whoever needs it next.</summary>
    public void Trim()
    {
        foreach (var memory in _idle)
        {
            memory.LetGo();
        }

        lock (_collecting)
        {
            Interlocked.Exchange(ref _discardedBytes, 0);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    /// <summary>Takes memory if there is any.</summary>
    /// <param name="use">What it is for.</param>
    /// <param name="holder">Among whose share it counts; null for live runs and their watchers.</param>
    /// <param name="heldBytes">What the reservation holds.</param>
    /// <param name="wantedBytes">What it is to hold; more.</param>
    internal bool TryTake(MemoryUse use, MemoryHolder? holder, long heldBytes, long wantedBytes)
    {
        var byteCount = wantedBytes - heldBytes;
        if (holder?.Add(byteCount) > ShareBytes || holder?.Caller?.TakenBytes > MostOfCaller)
        {
            holder.Add(-byteCount);
            return false;
        }

        Move(use, holder, heldBytes, wantedBytes);
        var part = PartOf(use, holder, wantedBytes);
        var taken = Volatile.Read(ref _takenByPart[(int)part]);
        if (taken > LimitOf(part, holder))
        {
            Move(use, holder, wantedBytes, heldBytes);
            holder?.Add(-byteCount);
            return false;
        }

        if (TakenBytes is var all && all + DiscardedBytes > LimitBytes)
        {
            CollectUnlessDone(all);
        }

        return true;
    }

    /// <summary>Takes memory whether there is any or not.</summary>
    internal void Take(MemoryUse use, MemoryHolder? holder, long heldBytes, long wantedBytes)
    {
        holder?.Add(wantedBytes - heldBytes);
        Move(use, holder, heldBytes, wantedBytes);
    }

    /// <summary>Why so many bytes could not be taken.</summary>
    internal CallRefusedException Refuse(MemoryUse use, MemoryHolder? holder, long heldBytes, long wantedBytes)
    {
        var byteCount = wantedBytes - heldBytes;
        var part = PartOf(use, holder, wantedBytes);
        var (ofConnection, ofCaller) = (holder?.TakenBytes ?? 0, holder?.Caller?.TakenBytes ?? 0);
        var (most, limit, taken, whose, setting) = holder is not null && ofConnection + byteCount > ShareBytes
            ? (ShareBytes, ShareBytes, ofConnection, "one connection", "Limits:MaxConnectionShare")
            : holder?.Caller is not null && ofCaller + byteCount > MostOfCaller
            ? (ShareBytes, (long)MostOfCaller, ofCaller, "one identity while others have theirs", "Limits:MaxConnectionShare")
            : (MostOf, LimitOf(part, holder), Volatile.Read(ref _takenByPart[(int)part]), Words(part), "Limits:MaxMemoryBytes");
        return wantedBytes > most
            ? CallRefusedException.TooLarge(
                $"{wantedBytes} bytes for {Words(use)} exceed the {most} that the server allows for {whose} ({setting}).", wantedBytes, most)
            : CallRefusedException.OverLimit(
                $"{byteCount} more bytes for {Words(use)} would exceed the {limit} that the server allows for {whose} ({setting}), of which {taken} are taken.",
                RetryDelay);
    }

    internal void Return(MemoryUse use, MemoryHolder? holder, long heldBytes, long wantedBytes)
    {
        var byteCount = heldBytes - wantedBytes;
        if (byteCount == 0)
        {
            return;
        }

        Move(use, holder, heldBytes, wantedBytes);
        holder?.Add(-byteCount);

        // Frames' memory goes back to a pool, which lends it again.
        if (byteCount >= LeastDiscarded && use != MemoryUse.Backlogs && Interlocked.Add(ref _discardedBytes, byteCount) > _mostDiscarded)
        {
            CollectUnlessDone(LimitBytes);
        }
    }

    /// <summary>The most that one identity may have now.</summary>
    private double MostOfCaller => _share.MostOf(LimitBytes - TakenBytes);

    /// <summary>The most that one part can have: all but what is kept for the others.</summary>
    private long MostOf => LimitBytes - (_keptBytes * (_takenByPart.Length - 1));

    /// <summary>
    /// The most that a part may have now: what the others neither have nor may claim. The last of the small calls' is for connections that hold little,
    /// so that no few connections full of calls keep everybody else out.
    /// </summary>
    private long LimitOf(MemoryPart part, MemoryHolder? holder)
    {
        var limit = LimitBytes;
        for (var other = 0; other < _takenByPart.Length; other++)
        {
            limit -= other == (int)part ? 0 : Math.Max(_keptBytes, Volatile.Read(ref _takenByPart[other]));
        }

        return Math.Max(limit, _keptBytes) - (part == MemoryPart.SmallCalls && holder?.TakenBytes > LittleBytes ? _keptBytes / 2 : 0);
    }

    // A reservation that grows in small steps becomes a large one all the same.
    private static MemoryPart PartOf(MemoryUse use, MemoryHolder? holder, long byteCount) =>
        holder is null ? MemoryPart.LiveRuns
        : use == MemoryUse.Connections ? MemoryPart.Connections
        : byteCount > LeastDiscarded ? MemoryPart.LargeCalls
        : MemoryPart.SmallCalls;

    private void Move(MemoryUse use, MemoryHolder? holder, long heldBytes, long wantedBytes)
    {
        Interlocked.Add(ref _takenByPart[(int)PartOf(use, holder, heldBytes)], -heldBytes);
        Interlocked.Add(ref _takenByPart[(int)PartOf(use, holder, wantedBytes)], wantedBytes);
        Interlocked.Add(ref _takenBytes[(int)use], wantedBytes - heldBytes);
    }

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

    private static string Words(MemoryPart part) => part switch
    {
        MemoryPart.Connections => "connections",
        MemoryPart.SmallCalls => "small pieces of calls",
        MemoryPart.LargeCalls => "large pieces of calls",
        MemoryPart.LiveRuns => "live runs and their watchers",
        _ => throw new ArgumentOutOfRangeException(nameof(part)),
    };

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
