using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Mfn.Core.Simulation;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Frames;

namespace Mfn.Server.Runs;

/// <summary>
/// The watchers that follow a run, and the frames that are made for them. The run's task brings copies of its state, and waits neither for a frame
/// nor for a watcher; the threads of the <see cref="FrameScheduler"/> make the frames, one after the other, those of many watchers first. Where
/// making a frame for a few watchers is no more work than the copy, the run's task makes it.
/// </summary>
/// <remarks>
/// What a format's watchers are to get waits in its group, in order. What is behind by too much is missed by those who are to get it, and nobody
/// else: a copy that takes memory from newer ones, or more frames than would find room in any of their backlogs.
/// </remarks>
internal sealed class Audience(RunServices services) : IThreadPoolWorkItem, IAsyncDisposable
{
    // Copies that frames are still to be made of: so many bytes, but three whatever their size, and not more than a backlog may have.
    private const int LeastCopies = 3;
    private const int MostCopies = 1024;
    private const long MostCopyBytes = 32L << 20;

    // Telling so many watchers of a frame costs the run's task about as much as having somebody else do so.
    private const int MostAtOnce = 16;

    private static readonly TimeSpan FinishTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    // The run's task alone uses these.
    private readonly List<DueSteps> _due = [];
    private readonly WatchAllowance _allowance = new();

    private readonly Dictionary<FrameFormat, WatcherGroup> _groups = [];
    private readonly Dictionary<Subscription, (Watcher Watcher, WatcherGroup Group)> _watchers = [];
    private readonly Dictionary<FieldWindow, int> _windows = [];
    private readonly Queue<StateCopy> _copies = [];
    private readonly DifferenceCompressor _compressor = new(services.BacklogMemory);
    private readonly StateFrames _atOnce = new(services.BacklogMemory);
    private StateCopy? _latest;
    private long _copyBytes;
    private int _copyCount;
    private long _sequence;
    private (int First, int Last)? _missed;
    private double _virtualTime;
    private WatcherGroup? _active;

    // What has come while a frame is being made.
    private readonly List<PendingFrame> _meanwhile = [];
    private int _newestStep;
    private RunEnd? _end;
    private bool _isWorking;
    private bool _isClosed;
    private TaskCompletionSource? _finished;

    /// <summary>Adds a watcher, who gets what comes from here on. Only the run's task calls it.</summary>
    /// <param name="subscription">The watcher's.</param>
    /// <param name="engine">Between two steps.</param>
    /// <param name="revision">Of the run.</param>
    /// <param name="begins">Whether it begins with the state as it is, rather than with what comes.</param>
    /// <param name="end">If the run has ended: how.</param>
    /// <exception cref="CallRefusedException">The memory for frames is taken.</exception>
    public void Attach(Subscription subscription, SimulationEngine engine, long revision, bool begins, RunEnd? end)
    {
        lock (_lock)
        {
            BringIfMissed(engine, revision);
            FlushMissed();
            var state = begins ? CopyForBeginner(engine, revision, subscription.Quality.Format.Window.Species) : null;
            var watcher = Add(subscription, out var group);
            if (state is not null && !group.TryBegin(watcher, state))
            {
                group.Append(new PendingFrame(_sequence, state.Step, state.Step) { State = state, Beginners = [watcher] });
            }

            state?.Release();
            if (end is not null)
            {
                group.Append(new PendingFrame(_sequence, 0, 0) { End = end, Beginners = [watcher] });
            }

            if (group.Next is not null)
            {
                Work();
            }
        }

        if (end is null)
        {
            DueSteps.Add(_due, subscription);
        }
    }

    /// <summary>Lets go of a watcher. Only the run's task calls it.</summary>
    public void Detach(Subscription subscription)
    {
        DueSteps.Remove(_due, subscription);
        lock (_lock)
        {
            Remove(subscription);
        }
    }

    /// <summary>The steps to take until the next frame is to be brought; the largest integer if none is.</summary>
    public int StepsUntilDue(SimulationEngine engine)
    {
        var count = int.MaxValue;
        var step = engine.Step;
        var most = _allowance.IsScarce ? engine.MaxStepsPerPass : 1;
        foreach (var due in _due)
        {
            if (_allowance.HasTime || due.HasLossless)
            {
                // Where most frames are missed anyway, a pass need not end early for this one.
                count = Math.Min(count, due.StepsUntilDue(step, due.HasLossless ? 1 : most));
            }
        }

        return count;
    }

    /// <summary>The run's task has taken so many steps at once, in a time.</summary>
    public void NoteSteps(SimulationEngine engine, int stepCount, TimeSpan time) => _allowance.Earn(time, stepCount, engine.MaxStepsPerPass);

    /// <summary>The run's task waits.</summary>
    public void NoteRest() => _allowance.Rest();

    /// <summary>Brings the state to those for whom a frame is due after its step, or to all. Only the run's task calls it.</summary>
    /// <param name="engine">Between two steps.</param>
    /// <param name="revision">Of the run.</param>
    /// <param name="stepCount">The steps since the last call: those whose frames were due and not brought are missed.</param>
    /// <param name="isForAll">Whether a frame is due whatever the step.</param>
    public void Publish(SimulationEngine engine, long revision, int stepCount = 0, bool isForAll = false)
    {
        if (_due.Count == 0)
        {
            return;
        }

        var start = Stopwatch.GetTimestamp();
        var step = engine.Step;
        var (isBrought, isMissed) = (isForAll, false);
        foreach (var due in _due)
        {
            var isDue = stepCount > 0 && step % due.EveryNSteps == 0;
            isBrought |= isDue && (due.HasLossless || _allowance.HasTime);
            isMissed |= isDue || (stepCount > 1 && due.IsDueWithin(step - stepCount, stepCount));
        }

        if (isBrought || isMissed)
        {
            lock (_lock)
            {
                _newestStep = step;
                NoteMissed(step - stepCount + 1, isBrought ? step - 1 : step);
                if (isBrought)
                {
                    Bring(engine, revision, isForAll);
                }
            }

            _allowance.Spend(Stopwatch.GetElapsedTime(start));
        }
    }

    /// <summary>The run pauses: a frame of its state that was due but not brought is brought now.</summary>
    public void CatchUp(SimulationEngine engine, long revision)
    {
        lock (_lock)
        {
            BringIfMissed(engine, revision);
        }
    }

    /// <summary>Tells all that nothing more comes, after what is still to come.</summary>
    public void End(RunEnd end)
    {
        _due.Clear();
        lock (_lock)
        {
            _end ??= end;
            FlushMissed();
            foreach (var group in _groups.Values)
            {
                group.Append(new PendingFrame(++_sequence, 0, 0) { End = _end });
            }

            Work();
        }
    }

    /// <summary>Makes frames for a time slice.</summary>
    public void Execute()
    {
        var start = Stopwatch.GetTimestamp();
        do
        {
            if (TakeNext() is not { } unit)
            {
                return;
            }

            var unitStart = Stopwatch.GetTimestamp();
            Deliver(unit);
            Complete(unit, Stopwatch.GetElapsedTime(unitStart));
        }
        while (Stopwatch.GetElapsedTime(start) < FrameScheduler.TimeSlice);

        services.Frames.Queue(this);
    }

    /// <summary>Lets go of all, for a run that has ended after a moment in which the frames that are still to come may be made.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Stop(isFinal: _end is null) is { } finished)
        {
            try
            {
                await finished.WaitAsync(FinishTime, services.Clock);
            }
            catch (TimeoutException)
            {
                // Whoever wants more than can be made in this time is told what it misses.
            }
        }

        if (Stop(isFinal: true) is { } stopped)
        {
            await stopped;
        }

        lock (_lock)
        {
            FlushMissed();
            foreach (var group in _groups.Values)
            {
                foreach (var watcher in group.Everybody)
                {
                    if (group.CountDue(watcher.Since, watcher.Quality) is > 0 and var count)
                    {
                        watcher.Subscription.Miss(count, _newestStep);
                    }

                    if (_end is not null)
                    {
                        watcher.Subscription.End(_end);
                    }
                }

                group.Forget();
            }

            _groups.Clear();
            _watchers.Clear();
        }
    }

    /// <summary>Completes when nobody makes frames any more: when there is nothing left to make or, finally, after the one at hand. Null if nobody does now.</summary>
    private Task? Stop(bool isFinal)
    {
        lock (_lock)
        {
            _isClosed = isFinal;
            if (!_isWorking)
            {
                return null;
            }

            _finished ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _finished.Task;
        }
    }

    private Unit? TakeNext()
    {
        lock (_lock)
        {
            if (_isClosed || FindNext() is not { } group)
            {
                _isWorking = false;
                _finished?.TrySetResult();
                return null;
            }

            _active = group;
            _meanwhile.Clear();
            group.VirtualTime = Math.Max(group.VirtualTime, _virtualTime);
            _virtualTime = group.VirtualTime;
            var frame = group.TakeNext();

            // Frames that came after this one may have been due for somebody who gets more from this one on.
            return new Unit(group, frame, frame.Beginners?.ToArray() ?? group.Everybody, group.Newest, MayRise: frame.Sequence == _sequence && _missed is null);
        }
    }

    private WatcherGroup? FindNext()
    {
        WatcherGroup? best = null;
        foreach (var group in _groups.Values)
        {
            if (group.Next is { } next)
            {
                if (next.State is null)
                {
                    return group;
                }

                best = best is null || group.VirtualTime < best.VirtualTime ? group : best;
            }
        }

        return best;
    }

    [SuppressMessage("Design", "CA1031", Justification = "A fault of ours, which each stream throws and its call logs: the threads that make frames are everybody's.")]
    private void Deliver(Unit unit)
    {
        var (_, frame, watchers, _, _) = unit;
        if (frame.End is { } end)
        {
            foreach (var watcher in watchers)
            {
                watcher.Subscription.End(end);
            }

            return;
        }

        try
        {
            if (frame.State is { } state && Array.Exists(watchers, unit.IsFor))
            {
                Deliver(unit, state.Frames, new FrameSource(state));
            }
        }
        catch (Exception fault)
        {
            foreach (var watcher in watchers)
            {
                watcher.Subscription.Fail(fault);
            }
        }

        foreach (var watcher in watchers)
        {
            if (unit.CountMissed(watcher) is > 0 and var count)
            {
                watcher.Subscription.Miss(count, frame.LastStep);
            }
        }
    }

    private void Deliver(Unit unit, StateFrames frames, in FrameSource source)
    {
        var memory = services.BacklogMemory;
        var shared = TryMake(unit, frames, source);
        var maxBytes = memory.BytesForWatcher;
        var roomyCount = 0;
        foreach (var watcher in unit.Watchers)
        {
            if (!unit.IsFor(watcher))
            {
                continue;
            }

            if (shared is null)
            {
                watcher.Subscription.Miss(1, source.Step, frames.BytesFor(unit.Group.Format), maxBytes);
            }
            else
            {
                roomyCount += watcher.Subscription.Offer(shared, maxBytes, unit.MayRise) ? 1 : 0;
            }
        }

        unit.Group.RoomyCount = roomyCount;
        shared?.Release();
    }

    /// <summary>The frame, or null if the memory for it is taken.</summary>
    private SharedFrame? TryMake(Unit unit, StateFrames frames, in FrameSource source)
    {
        // The first frame of one who begins between two frames of the others: deltas of others must not build on it.
        var group = unit.Group;
        var isFirst = unit.Frame.Beginners is not null;
        var format = isFirst ? group.Format with { Deltas = null } : group.Format;
        var byteCount = frames.BytesFor(format);
        if (byteCount > 0 && !services.BacklogMemory.HasRoom(byteCount, isFirst || Array.Exists(unit.Watchers, watcher => watcher.Subscription.IsAwaited)))
        {
            return null;
        }

        try
        {
            if (!isFirst)
            {
                group.Deltas?.ForgetIfStale(source.Step, source.Revision);
            }

            return frames.Make(source, format, isFirst ? null : group.Deltas, _compressor);
        }
        catch (BacklogMemoryException)
        {
            return null;
        }
    }

    private void Complete(Unit unit, TimeSpan taken)
    {
        var (group, frame, watchers, _, _) = unit;
        lock (_lock)
        {
            _active = null;
            group.VirtualTime += taken.TotalSeconds / Math.Max(1, group.RoomyCount);
            if (frame.State is { } state)
            {
                if (_windows.GetValueOrDefault(group.Format.Window) <= 1)
                {
                    state.Frames.Forget(group.Format.Encoding, group.Format.Window);
                }

                state.Release();
            }

            foreach (var watcher in watchers)
            {
                if (frame.End is not null)
                {
                    Remove(watcher.Subscription);
                }
                else if (watcher.Subscription.Quality != watcher.Quality && IsHere(watcher))
                {
                    Move(watcher, group, frame);
                }
            }

            ForgetIfEmpty(group);
        }
    }

    private bool IsHere(Watcher watcher) => _watchers.TryGetValue(watcher.Subscription, out var found) && found.Watcher == watcher;

    /// <summary>Lets a watcher have frames of another quality from here on. What has come meanwhile it gets in neither.</summary>
    private void Move(Watcher watcher, WatcherGroup group, PendingFrame last)
    {
        var subscription = watcher.Subscription;
        var count = Math.Max(
            group.CountDue(last.Sequence, subscription.Quality), _meanwhile.Sum(frame => (long)frame.CountDue(subscription.Quality.EveryNSteps)));
        if (count > 0)
        {
            subscription.Miss(count, _newestStep);
        }

        Remove(subscription);
        var moved = Add(subscription, out var next);
        if (_end is not null)
        {
            next.Append(new PendingFrame(_sequence, 0, 0) { End = _end, Beginners = [moved] });
        }
    }

    private Watcher Add(Subscription subscription, out WatcherGroup group)
    {
        var format = subscription.Quality.Format;
        if (!_groups.TryGetValue(format, out group!))
        {
            group = new WatcherGroup(format);
            _groups.Add(format, group);
            _windows[format.Window] = _windows.GetValueOrDefault(format.Window) + 1;
        }

        var watcher = new Watcher(subscription, _sequence);
        group.Add(watcher);
        _watchers.Add(subscription, (watcher, group));
        return watcher;
    }

    private void Remove(Subscription subscription)
    {
        if (_watchers.Remove(subscription, out var found))
        {
            found.Group.Remove(found.Watcher);
            ForgetIfEmpty(found.Group);
        }
    }

    private void ForgetIfEmpty(WatcherGroup group)
    {
        // What a frame is being made for is let go of when it is made.
        if (group.IsEmpty && group != _active && _groups.GetValueOrDefault(group.Format) == group)
        {
            _groups.Remove(group.Format);
            group.Forget();
            if (--_windows[group.Format.Window] == 0)
            {
                _windows.Remove(group.Format.Window);
            }
        }
    }

    private void Bring(SimulationEngine engine, long revision, bool isForAll)
    {
        FlushMissed();
        var frame = new PendingFrame(++_sequence, engine.Step, engine.Step) { IsForAll = isForAll };
        var source = new FrameSource(engine, revision);
        if (FindServedAtOnce(source) is { } group)
        {
            DeliverAtOnce(new Unit(group, frame, group.Everybody, Newest: null, MayRise: true), source);
            return;
        }

        var state = TryCopy(engine, revision, SpeciesWatched(), mayMiss: true);
        Append(frame with { State = state });
        state?.Release();
        Work();
    }

    /// <summary>The watchers whose frame costs no more than a copy of the state would, if there are no others and they have got all before it.</summary>
    private WatcherGroup? FindServedAtOnce(in FrameSource source)
    {
        if (_isWorking || _isClosed || _groups.Count != 1)
        {
            return null;
        }

        var (format, group) = _groups.First();
        return group.Next is null && group.Everybody.Length <= MostAtOnce && StateCopy.IsAsCheap(source, format) ? group : null;
    }

    [SuppressMessage("Design", "CA1031", Justification = "A fault of ours, which each stream throws and its call logs: it is not the run's.")]
    private void DeliverAtOnce(Unit unit, in FrameSource source)
    {
        try
        {
            if (Array.Exists(unit.Watchers, unit.IsFor))
            {
                Deliver(unit, _atOnce, source);
            }
        }
        catch (Exception fault)
        {
            Array.ForEach(unit.Watchers, watcher => watcher.Subscription.Fail(fault));
        }

        _atOnce.Forget();
        _meanwhile.Clear();
        Complete(unit, TimeSpan.Zero);
    }

    private void BringIfMissed(SimulationEngine engine, long revision)
    {
        if (_missed is { } missed && missed.Last == engine.Step)
        {
            _missed = missed.First < missed.Last ? (missed.First, missed.Last - 1) : null;
            Bring(engine, revision, isForAll: false);
        }
    }

    private void NoteMissed(int first, int last)
    {
        if (first > last)
        {
            return;
        }

        if (_missed is { } missed && missed.Last == first - 1)
        {
            _missed = (missed.First, last);
        }
        else
        {
            FlushMissed();
            _missed = (first, last);
        }
    }

    /// <summary>
    /// Steps whose frames are missed are told of together, before what comes next: a run without a pace passes many, and may pause at the last of them,
    /// whose frame is then brought.
    /// </summary>
    private void FlushMissed()
    {
        if (_missed is { } missed)
        {
            _missed = null;
            Append(new PendingFrame(++_sequence, missed.First, missed.Last));
            Work();
        }
    }

    private void Append(PendingFrame frame)
    {
        foreach (var group in _groups.Values)
        {
            group.Append(frame);
        }

        if (_active is not null)
        {
            if (!frame.IsForAll && _meanwhile.Count > 0 && _meanwhile[^1] is { IsForAll: false } last && last.LastStep == frame.FirstStep - 1)
            {
                _meanwhile[^1] = last with { LastStep = frame.LastStep };
            }
            else
            {
                _meanwhile.Add(frame with { State = null });
            }
        }
    }

    private SpeciesSet SpeciesWatched()
    {
        var species = new SpeciesSet();
        foreach (var format in _groups.Keys)
        {
            species = species.With(format.Window.Species);
        }

        return species;
    }

    private StateCopy CopyForBeginner(SimulationEngine engine, long revision, int species) => TryCopy(engine, revision, new SpeciesSet().With(species), mayMiss: false)
        ?? throw CallRefusedException.OverLimit("The memory for the frames of live runs is taken. Try again when slow watchers have gone.", RetryDelay);

    /// <summary>A copy of the state, which the caller releases; null if the memory for it is taken.</summary>
    private StateCopy? TryCopy(SimulationEngine engine, long revision, SpeciesSet species, bool mayMiss)
    {
        if (_latest is { } latest && latest.Step == engine.Step && latest.Revision == revision && latest.Has(species) && latest.TryRetain())
        {
            return latest;
        }

        if (mayMiss)
        {
            LetGoOfOldest(StateCopy.ByteCountOf(engine, species));
        }

        var copy = StateCopy.TryTake(engine, revision, species, services.BacklogMemory, OnFreed);
        if (copy is not null)
        {
            _latest = copy;
            Interlocked.Increment(ref _copyCount);
            Interlocked.Add(ref _copyBytes, copy.ByteCount);
            if (mayMiss)
            {
                _copies.Enqueue(copy);
            }
        }

        return copy;
    }

    /// <summary>Makes room for a copy: formats that are behind miss the oldest. Not those with which watchers begin.</summary>
    private void LetGoOfOldest(int byteCount)
    {
        while (_copies.TryPeek(out var oldest) && (!oldest.IsHeld || IsFull()))
        {
            _copies.Dequeue();
            if (oldest.IsHeld)
            {
                foreach (var group in _groups.Values)
                {
                    group.Miss(oldest);
                }
            }
        }

        bool IsFull()
        {
            var count = Volatile.Read(ref _copyCount);
            return count >= MostCopies || _copies.Count >= MostCopies || (count >= LeastCopies && Volatile.Read(ref _copyBytes) + byteCount > MostCopyBytes);
        }
    }

    private void OnFreed(StateCopy copy)
    {
        Interlocked.Decrement(ref _copyCount);
        Interlocked.Add(ref _copyBytes, -copy.ByteCount);
    }

    private void Work()
    {
        if (!_isWorking && !_isClosed)
        {
            _isWorking = true;
            services.Frames.Queue(this);
        }
    }

    /// <summary>What is done at a time, without the lock.</summary>
    private sealed record Unit(WatcherGroup Group, PendingFrame Frame, Watcher[] Watchers, PendingFrame? Newest, bool MayRise)
    {
        /// <summary>Whether the frame is for the watcher: who wants only the newest does not get one before it.</summary>
        public bool IsFor(Watcher watcher) => Frame.Beginners is not null || (IsDue(watcher, Frame) && !IsPassed(watcher));

        /// <summary>The frames that the watcher misses, apart from the one that is for it.</summary>
        public int CountMissed(Watcher watcher)
        {
            if (Frame.Beginners is not null || watcher.Since >= Frame.Sequence || (Frame.State is not null && IsFor(watcher)))
            {
                return 0;
            }

            return Frame.CountDue(watcher.Quality.EveryNSteps);
        }

        private bool IsPassed(Watcher watcher) => watcher.Subscription.Delivery == Delivery.Latest && Newest is { } newest && IsDue(watcher, newest);

        private static bool IsDue(Watcher watcher, PendingFrame frame) => watcher.Since < frame.Sequence && frame.CountDue(watcher.Quality.EveryNSteps) > 0;
    }
}
