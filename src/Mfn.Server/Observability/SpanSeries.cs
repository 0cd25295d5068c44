using System.Diagnostics;

namespace Mfn.Server.Observability;

/// <summary>
/// Spans for what may never end: one an episode, none longer than is asked for, each linked to the one before, so that they are sent while it lives. One user at a time.
/// </summary>
/// <param name="parent">What the episodes are part of.</param>
/// <param name="links">What each has to do with.</param>
/// <param name="limit">How long one may become.</param>
/// <param name="clock">Says how long it is.</param>
internal sealed class SpanSeries(ActivityContext parent, IReadOnlyList<ActivityLink> links, EpisodeLimit limit, TimeProvider clock) : IDisposable
{
    private ActivityContext _before;
    private long _begun;

    /// <summary>The episode under way; null if there is none.</summary>
    public Activity? Current { get; private set; }

    /// <summary>Whether the episode under way is as long as it may become.</summary>
    public bool IsDue => Current is not null && clock.GetElapsedTime(_begun) >= limit.Length;

    /// <summary>How long the episode under way is.</summary>
    public TimeSpan Age => clock.GetElapsedTime(_begun);

    /// <summary>Ends the episode under way, and begins another.</summary>
    public Activity? MoveTo(string name)
    {
        End();
        Current = Spans.StartAside(name, parent, _before == default ? links : [.. links, new ActivityLink(_before)]);
        _begun = clock.GetTimestamp();
        return Current;
    }

    /// <summary>Ends the episode under way.</summary>
    public void End()
    {
        if (Current is { } ended)
        {
            _before = ended.Context;
            Spans.End(ended);
            Current = null;
        }
    }

    public void Dispose() => End();
}
