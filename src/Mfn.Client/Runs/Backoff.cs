using System.Runtime.ExceptionServices;
using Grpc.Core;

namespace Mfn.Client.Runs;

/// <summary>Decides after each failure of a call whether to try again, and when: exponentially later, in part at random.</summary>
internal sealed class Backoff
{
    // The least that a timer takes.
    private static readonly TimeSpan MinPeriod = TimeSpan.FromMilliseconds(1);

    private readonly ReconnectOptions _options;
    private int _tries;

    /// <exception cref="ArgumentOutOfRangeException">There is no try, or a wait is negative.</exception>
    public Backoff(ReconnectOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxTries, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.InitialBackoff, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBackoff, TimeSpan.Zero);
        _options = options;
    }

    /// <summary>A try got somewhere; the next one is the first again.</summary>
    public void Reset() => _tries = 0;

    /// <summary>Waits until it is time to try again.</summary>
    /// <exception cref="RpcException">The error, which no further try would mend, or which has outlasted all tries.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task WaitAsync(RpcException error, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _tries++;
        if (!IsPassing(error) || _tries >= _options.MaxTries)
        {
            // Keeps the trace of the call.
            ExceptionDispatchInfo.Throw(error);
        }

        var longest = _options.InitialBackoff * Math.Pow(2, Math.Min(_tries - 1, 30));
        var delay = (error.GetRetryDelay() ?? TimeSpan.Zero) + (_options.Jitter() * (longest < _options.MaxBackoff ? longest : _options.MaxBackoff));
        _options.Reconnecting?.Invoke(error, delay);
        if (delay > TimeSpan.Zero)
        {
            using var timer = new PeriodicTimer(delay > MinPeriod ? delay : MinPeriod, _options.Clock);
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    // CANCELLED by the other side is a stream that was reset. An error with a cause comes from the connection, whatever its code.
    private static bool IsPassing(RpcException error) =>
        error.StatusCode is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Cancelled || error.Status.DebugException is not null;
}
