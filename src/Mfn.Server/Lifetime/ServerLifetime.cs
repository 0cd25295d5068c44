namespace Mfn.Server.Lifetime;

/// <summary>Where the server is on its way to its end: serving, then draining, then drained.</summary>
internal sealed class ServerLifetime : IDisposable
{
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _drained = new();

    /// <summary>Cancelled when the server was told to stop: calls under way may go on, for the drain time.</summary>
    public CancellationToken Draining => _draining.Token;

    /// <summary>Cancelled when the drain time is over: whatever is still open ends.</summary>
    public CancellationToken Drained => _drained.Token;

    public void BeginDraining() => _draining.Cancel();

    public void EndDraining() => _drained.Cancel();

    public void Dispose()
    {
        _draining.Dispose();
        _drained.Dispose();
    }
}
