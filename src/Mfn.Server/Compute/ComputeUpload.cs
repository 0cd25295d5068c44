using Mfn.Server.Memory;

namespace Mfn.Server.Compute;

/// <summary>An upload of something to compute. It has no place until it is complete.</summary>
internal sealed class ComputeUpload(ComputePlaces places, MemoryHolder? holder) : IDisposable
{
    private int _isEnded;

    /// <summary>Waits for a place for what has been uploaded.</summary>
    /// <exception cref="Calls.CallRefusedException">None has become free for a long time.</exception>
    public Task<ComputePlace> TakePlaceAsync(CancellationToken cancellationToken) => places.WaitForAsync(holder, cancellationToken);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            places.EndUpload();
        }
    }
}
