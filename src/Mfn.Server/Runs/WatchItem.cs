using Mfn.Server.Frames;

namespace Mfn.Server.Runs;

/// <summary>What a subscription hands to its watcher.</summary>
internal abstract record WatchItem
{
    private WatchItem()
    {
    }

    /// <summary>A frame, which whoever takes it releases.</summary>
    public sealed record Frame(SharedFrame Shared) : WatchItem
    {
        /// <summary>Those that were dropped between the frame before and this one, as far as the watcher was not told of them.</summary>
        public long DroppedBefore { get; set; }
    }

    /// <summary>So many frames were dropped; the next one is of the given step.</summary>
    public sealed record Dropped(long Count, int NextStep) : WatchItem;

    /// <summary>The watcher gets less from here on.</summary>
    public sealed record Degraded(WatchQuality Quality) : WatchItem;

    /// <summary>The watcher gets what it asked for again.</summary>
    public sealed record Restored : WatchItem;

    /// <summary>Nothing has happened for a while.</summary>
    public sealed record Quiet : WatchItem
    {
        public static readonly Quiet Instance = new();
    }

    /// <summary>The watcher was too slow for a lossless subscription, which is over: more frames waited than may, or more bytes if they are what was too many.</summary>
    public sealed record Overrun(int MaxFrames, long? MaxBytes) : WatchItem;

    /// <summary>A frame of a lossless subscription could not be made in time, so that it is over.</summary>
    public sealed record Behind : WatchItem
    {
        public static readonly Behind Instance = new();
    }

    /// <summary>The run has ended.</summary>
    public sealed record Ended(RunEnd End) : WatchItem;
}
