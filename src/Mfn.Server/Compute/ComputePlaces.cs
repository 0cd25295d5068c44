using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Compute;

/// <summary>The places for what calls compute: simulations, and whatever else takes as long as one. There are only so many.</summary>
internal sealed class ComputePlaces(IOptions<LimitsOptions> limits, ServerLifetime lifetime)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private int _takenCount;
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

    /// <summary>How many of them compute something other than a simulation; those of uploads under way do not yet.</summary>
    public int ComputingCount => Volatile.Read(ref _computingCount);

    internal CancellationToken Drained => lifetime.Drained;

    /// <summary>Takes a place until it is disposed.</summary>
    /// <exception cref="CallRefusedException">All are taken, or the server stops.</exception>
    public ComputePlace Take()
    {
        lock (_lock)
        {
            if (_isStopping)
            {
                throw CallRefusedException.Stopping();
            }

            if (_takenCount >= limits.Value.MaxConcurrentComputations)
            {
                throw CallRefusedException.OverLimit(
                    $"The most computations that the server allows, {limits.Value.MaxConcurrentComputations}, are under way. Try again when one has ended.",
                    RetryDelay);
            }

            _takenCount++;
            return new ComputePlace(this);
        }
    }

    /// <summary>Gives no further place; completes when none is taken.</summary>
    public Task StopAccepting()
    {
        lock (_lock)
        {
            _isStopping = true;
            if (_takenCount == 0)
            {
                return Task.CompletedTask;
            }

            _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _emptied.Task;
        }
    }

    internal void CountComputing(int change) => Interlocked.Add(ref _computingCount, change);

    internal void Leave()
    {
        lock (_lock)
        {
            if (--_takenCount == 0)
            {
                _emptied?.TrySetResult();
            }
        }
    }
}
