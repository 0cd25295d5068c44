using Mfn.Server.Memory;
using Mfn.Server.Observability;

namespace Mfn.Server.Compute;

/// <summary>A place for something that a call computes. It is given back when it is disposed.</summary>
internal sealed class ComputePlace(ComputePlaces places, MemoryHolder? holder) : IDisposable
{
    private int _isLeft;

    /// <summary>Computes, on a thread of its own as it does not take turns with the simulations; ends when the server has drained.</summary>
    public async Task<T> ComputeAsync<T>(Func<CancellationToken, T> work, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, places.Drained);
        places.CountComputing(1);
        try
        {
            return await Task.Factory.StartNew(
                () => Spans.Within(Spans.Compute, () => work(end.Token)), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        }
        finally
        {
            places.CountComputing(-1);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isLeft, 1) == 0)
        {
            places.Leave(holder);
        }
    }
}
