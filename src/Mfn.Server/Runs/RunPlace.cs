namespace Mfn.Server.Runs;

/// <summary>A place among the runs, for something that takes as long as one. It is given back when it is disposed.</summary>
internal sealed class RunPlace(RunRegistry runs) : IDisposable
{
    private bool _isLeft;

    /// <summary>Computes, on a thread of its own as it does not take turns with the runs; ends when the server has drained.</summary>
    public async Task<T> ComputeAsync<T>(Func<CancellationToken, T> work, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, runs.Lifetime.Drained);
        runs.CountComputing(1);
        try
        {
            return await Task.Factory.StartNew(
                () => work(end.Token), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        }
        finally
        {
            runs.CountComputing(-1);
        }
    }

    public void Dispose()
    {
        if (!_isLeft)
        {
            _isLeft = true;
            runs.Leave();
        }
    }
}
