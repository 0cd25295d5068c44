namespace Mfn.Client;

internal static class TimeProviderExtensions
{
    // The least that a timer takes.
    private static readonly TimeSpan MinPeriod = TimeSpan.FromMilliseconds(1);

    /// <summary>Waits on the clock; not at all if there is nothing to wait for.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task WaitAsync(this TimeProvider clock, TimeSpan delay, CancellationToken cancellationToken)
    {
        if (delay > TimeSpan.Zero)
        {
            using var timer = new PeriodicTimer(delay > MinPeriod ? delay : MinPeriod, clock);
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }
}
