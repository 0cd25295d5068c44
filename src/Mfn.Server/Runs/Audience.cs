using Mfn.Server.Frames;


namespace Mfn.Server.Runs;

/// <summary>The watchers that follow a run: each gets the frames that are due for it. Only the run's task uses it, and never waits for a watcher.</summary>
internal sealed class Audience(FieldBufferPool buffers) : IDisposable
{
    private readonly List<Subscription> _subscriptions = [];
    private readonly FrameEncoder _encoder = new(buffers);

    public void Add(Subscription subscription) => _subscriptions.Add(subscription);

    public void Remove(Subscription subscription)
    {
        _subscriptions.Remove(subscription);
        if (_subscriptions.Count == 0)
        {
            _encoder.Forget();
        }
    }

    /// <summary>The steps until the next frame is due for somebody; the largest integer if there is nobody.</summary>
    public int StepsUntilDue(int step)
    {
        var count = int.MaxValue;
        foreach (var subscription in _subscriptions)
        {
            count = Math.Min(count, subscription.StepsUntilDue(step));
        }

        return count;
    }

    /// <summary>Offers a frame of the state to those for whom one is due after its step, or to all.</summary>
    public void Publish(FrameSource source, bool isForAll = false)
    {
        foreach (var subscription in _subscriptions)
        {
            if (isForAll || subscription.IsDue(source.Step))
            {
                Offer(subscription, source, subscription.Quality.Format);
            }
        }
    }

    /// <summary>Offers a frame to one watcher alone, so that it is a snapshot: deltas of others must not build on it.</summary>
    public void OfferSnapshot(Subscription subscription, FrameSource source) =>
        Offer(subscription, source, subscription.Quality.Format with { Deltas = null });

    /// <summary>Ends all subscriptions.</summary>
    public void End(RunEnd end)
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.End(end);
        }

        _subscriptions.Clear();
    }

    public void Dispose() => _encoder.Dispose();

    private void Offer(Subscription subscription, FrameSource source, FrameFormat format)
    {
        var frame = _encoder.Encode(source, format);
        subscription.Offer(frame);
        frame.Release();
    }
}
