using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Compute;

/// <summary>
/// The places for what calls compute: simulations, and whatever else takes as long as one. There are only so many, and the calls of one connection may have
/// a share of them, those of one identity the fewer the fewer are free. An upload has none until there is something to compute; then it waits for one: when one becomes
/// free it is for the identity that has the fewest, and among its uploads for the first.
/// </summary>
internal sealed class ComputePlaces(IOptionsMonitor<LimitsOptions> limits, ServerLifetime lifetime, TimeProvider clock)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // What has been uploaded is worth some waiting, but holds memory.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly FairShare _fair = new(limits.CurrentValue.MaxConnectionShare);

    // By connections, and by identities.
    private readonly Dictionary<MemoryHolder, int> _held = [];
    private readonly LinkedList<(MemoryHolder? Holder, TaskCompletionSource<ComputePlace> Given)> _waiting = [];
    private int _takenCount;
    private int _uploadCount;
    private int _computingCount;
    private bool _isStopping;
    private TaskCompletionSource? _emptied;

    /// <summary>How many are taken.</summary>
    public int TakenCount
    {
        get
        {
            lock (_lock)
            {
                return _takenCount;
            }
        }
    }

    /// <summary>Uploads under way, which have or will want a place.</summary>
    public int UploadCount
    {
        get
        {
            lock (_lock)
            {
                return _uploadCount;
            }
        }
    }

    /// <summary>How many of them compute something other than a simulation.</summary>
    public int ComputingCount => Volatile.Read(ref _computingCount);

    internal CancellationToken Drained => lifetime.Drained;

    private int Limit => limits.CurrentValue.MaxConcurrentComputations;

    private int Share => (int)Math.Ceiling(Limit * limits.CurrentValue.MaxConnectionShare);

    /// <summary>Takes a place until it is disposed.</summary>
    /// <param name="holder">Who it is for; null if it is for no call.</param>
    /// <exception cref="CallRefusedException">All are taken, or the connection's share, or the server stops.</exception>
    public ComputePlace Take(MemoryHolder? holder = null)
    {
        lock (_lock)
        {
            RequireRunning();
            RequireFree(holder);
            return Give(holder);
        }
    }

    /// <summary>Lets an upload begin, which the server waits for when it stops as for a computation.</summary>
    /// <exception cref="CallRefusedException">No place is free, so that it would be likely to upload in vain, or the server stops.</exception>
    public ComputeUpload BeginUpload(MemoryHolder? holder = null)
    {
        lock (_lock)
        {
            RequireRunning();
            RequireFree(holder);
            _uploadCount++;
            return new ComputeUpload(this, holder);
        }
    }

    /// <summary>Gives no further place but to uploads under way; completes when none is taken, and no upload is left.</summary>
    public Task StopAccepting()
    {
        lock (_lock)
        {
            _isStopping = true;
            if (_takenCount + _uploadCount == 0)
            {
                return Task.CompletedTask;
            }

            _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _emptied.Task;
        }
    }

    internal void CountComputing(int change) => Interlocked.Add(ref _computingCount, change);

    /// <summary>Waits for a place in turn.</summary>
    /// <exception cref="CallRefusedException">None has become free for a long time.</exception>
    internal async Task<ComputePlace> WaitForAsync(MemoryHolder? holder, CancellationToken cancellationToken)
    {
        LinkedListNode<(MemoryHolder? Holder, TaskCompletionSource<ComputePlace> Given)> waiting;
        lock (_lock)
        {
            if (IsFreeFor(holder))
            {
                return Give(holder);
            }

            waiting = _waiting.AddLast((holder, new TaskCompletionSource<ComputePlace>(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        using var span = Spans.Start(Spans.Queue);
        try
        {
            return await waiting.Value.Given.Task.WaitAsync(Patience, clock, cancellationToken);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                if (waiting.List is not null)
                {
                    _waiting.Remove(waiting);
                }
            }

            // It may have been given at the same moment.
            if (waiting.Value.Given.Task.IsCompletedSuccessfully)
            {
                (await waiting.Value.Given.Task).Dispose();
            }

            if (error is OperationCanceledException)
            {
                throw;
            }

            throw Full();
        }
    }

    internal void Leave(MemoryHolder? holder)
    {
        lock (_lock)
        {
            _takenCount--;
            Count(holder?.Connection, -1);
            Count(holder?.Caller, -1);
            if (FindNext() is { } next)
            {
                _waiting.Remove(next);
                next.Value.Given.SetResult(Give(next.Value.Holder));
            }

            NoteIfEmptied();
        }
    }

    internal void EndUpload()
    {
        lock (_lock)
        {
            _uploadCount--;
            NoteIfEmptied();
        }
    }

    private void NoteIfEmptied()
    {
        if (_takenCount + _uploadCount == 0)
        {
            _emptied?.TrySetResult();
        }
    }

    private LinkedListNode<(MemoryHolder? Holder, TaskCompletionSource<ComputePlace> Given)>? FindNext()
    {
        LinkedListNode<(MemoryHolder? Holder, TaskCompletionSource<ComputePlace> Given)>? found = null;
        for (var next = _waiting.First; next is not null; next = next.Next)
        {
            if (IsFreeFor(next.Value.Holder) && (found is null || CountOf(next.Value.Holder?.Caller) < CountOf(found.Value.Holder?.Caller)))
            {
                found = next;
            }
        }

        return found;
    }

    private ComputePlace Give(MemoryHolder? holder)
    {
        _takenCount++;
        Count(holder?.Connection, +1);
        Count(holder?.Caller, +1);
        return new ComputePlace(this, holder);
    }

    private bool IsFreeFor(MemoryHolder? holder) => _takenCount < Limit && HasShare(holder) && IsFair(holder);

    private bool HasShare(MemoryHolder? holder) => holder is null || CountOf(holder.Connection) < Share;

    private bool IsFair(MemoryHolder? holder) => CountOf(holder?.Caller) is var count && (count == 0 || count < _fair.MostOf(Limit - _takenCount));

    private int CountOf(MemoryHolder? holder) => holder is null ? 0 : _held.GetValueOrDefault(holder);

    private void Count(MemoryHolder? holder, int change)
    {
        if (holder is not null)
        {
            _held[holder] = CountOf(holder) + change;
            if (_held[holder] == 0)
            {
                _held.Remove(holder);
            }
        }
    }

    private void RequireRunning()
    {
        if (_isStopping)
        {
            throw CallRefusedException.Stopping();
        }
    }

    private void RequireFree(MemoryHolder? holder)
    {
        if (_takenCount >= Limit)
        {
            throw Full();
        }

        if (!HasShare(holder))
        {
            throw CallRefusedException.OverLimit(
                $"The most computations that the server allows one connection, {Share} of {Limit}, are under way on this one. Try again when one has ended, or on another connection.",
                RetryDelay);
        }

        if (!IsFair(holder))
        {
            throw CallRefusedException.OverLimit(
                $"Of the {Limit} computations that the server allows, {_takenCount} are under way, {CountOf(holder?.Caller)} of them this caller's: the others are kept for other callers. Try again when one has ended.",
                RetryDelay);
        }
    }

    private CallRefusedException Full() => CallRefusedException.OverLimit(
        $"The most computations that the server allows, {Limit}, are under way. Try again when one has ended.", RetryDelay);
}
