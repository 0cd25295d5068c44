namespace Mfn.Server.Runs;

/// <summary>How many replays there may be at once. Who holds a slot for long while others wait should let go of it.</summary>
internal sealed class ReplaySlots(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count);
    private int _waitingCount;

    /// <summary>Whether somebody waits for a slot.</summary>
    public bool IsWanted => WaitingCount > 0;

    /// <summary>How many wait for one.</summary>
    public int WaitingCount => Volatile.Read(ref _waitingCount);

    /// <summary>How many are taken.</summary>
    public int TakenCount => count - _free.CurrentCount;

    /// <summary>Takes a slot; false if there was none for the given time.</summary>
    public async Task<bool> TryTakeAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waitingCount);
        try
        {
            return await _free.WaitAsync(patience, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waitingCount);
        }
    }

    public void GiveBack() => _free.Release();

    public void Dispose() => _free.Dispose();
}
