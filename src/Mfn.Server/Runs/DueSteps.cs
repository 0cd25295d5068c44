namespace Mfn.Server.Runs;

/// <summary>The watchers of a run whose frames are due after the multiples of a number of steps.</summary>
internal sealed class DueSteps(int everyNSteps)
{
    private readonly HashSet<Subscription> _subscriptions = [];
    private int _losslessCount;

    /// <summary>The steps from one frame to the next.</summary>
    public int EveryNSteps => everyNSteps;

    /// <summary>Whether there is one among them who cannot miss a frame.</summary>
    public bool HasLossless => _losslessCount > 0;

    /// <summary>The steps from a step to the last due one that so many lead to; if they lead to none, to the next one.</summary>
    public int StepsUntilDue(int step, int most)
    {
        var next = EveryNSteps - (step % EveryNSteps);
        return next >= most ? next : next + ((most - next) / EveryNSteps * EveryNSteps);
    }

    /// <summary>Whether one is due before so many steps after a step have been taken.</summary>
    public bool IsDueWithin(int step, int stepCount) => EveryNSteps - (step % EveryNSteps) < stepCount;

    /// <summary>Counts a watcher, by what it asked for: a degraded one has no frame due at other steps, and may get all again.</summary>
    public static void Add(List<DueSteps> all, Subscription subscription)
    {
        var due = all.Find(due => due.EveryNSteps == subscription.Asked.EveryNSteps);
        if (due is null)
        {
            due = new DueSteps(subscription.Asked.EveryNSteps);
            all.Add(due);
        }

        if (due._subscriptions.Add(subscription) && subscription.Delivery == Delivery.Lossless)
        {
            due._losslessCount++;
        }
    }

    /// <summary>Counts a watcher no longer; one that was not counted changes nothing.</summary>
    public static void Remove(List<DueSteps> all, Subscription subscription)
    {
        if (all.Find(due => due._subscriptions.Remove(subscription)) is { } due)
        {
            due._losslessCount -= subscription.Delivery == Delivery.Lossless ? 1 : 0;
            if (due._subscriptions.Count == 0)
            {
                all.Remove(due);
            }
        }
    }
}
