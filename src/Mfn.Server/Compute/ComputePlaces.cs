using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Mfn.Server.Memory;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Compute;

/// <summary>
/// The places for what calls compute: simulations, and whatever else takes as long as one. There are only so many, and the calls of one connection may have
/// a share of them. An upload has none until there is something to compute; then it waits for one, in its turn.
/// </summary>
internal sealed class ComputePlaces(IOptions<LimitsOptions> limits, ServerLifetime lifetime, TimeProvider clock)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    // What has been uploaded is worth some waiting, but holds memory.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
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

    private int Limit => limits.Value.MaxConcurrentComputations;

    private int Share => (int)Math.Ceiling(Limit * limits.Value.MaxConnectionShare);

    /// <summary>Takes a place until it is disposed.</summary>
    /// <param name="holder">The connection that it is for; null if it is for none.</param>
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
            if (holder is not null && --_held[holder] == 0)
            {
                _held.Remove(holder);
            }

            for (var next = _waiting.First; next is not null; next = next.Next)
            {
                if (IsFreeFor(next.Value.Holder))
                {
                    _waiting.Remove(next);
                    next.Value.Given.SetResult(Give(next.Value.Holder));
                    break;
                }
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

    private ComputePlace Give(MemoryHolder? holder)
    {
        _takenCount++;
        if (holder is not null)
        {
            _held[holder] = _held.GetValueOrDefault(holder) + 1;
        }

        return new ComputePlace(this, holder);
    }

    private bool IsFreeFor(MemoryHolder? holder) => _takenCount < Limit && (holder is null || _held.GetValueOrDefault(holder) < Share);

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

        if (!IsFreeFor(holder))
        {
            throw CallRefusedException.OverLimit(
                $"The most computations that the server allows one connection, {Share} of {Limit}, are under way on this one. Try again when one has ended, or on another connection.",
                RetryDelay);
        }
    }

    private CallRefusedException Full() => CallRefusedException.OverLimit(
        $"The most computations that the server allows, {Limit}, are under way. Try again when one has ended.", RetryDelay);
}
