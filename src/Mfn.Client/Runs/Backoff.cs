using System.Runtime.ExceptionServices;
using Grpc.Core;

namespace Mfn.Client.Runs;

/// <summary>Decides after each failure of a call whether to try again, and when: exponentially later, in part at random.</summary>
internal sealed class Backoff
{
    private readonly ReconnectOptions _options;
    private readonly ApiKeys _keys;
    private string? _key;
    private string? _certificateId;
    private bool _isKeyRenewed;
    private long _firstFailure;
    private int _failures;

    /// <exception cref="ArgumentOutOfRangeException">A wait is negative.</exception>
    public Backoff(ReconnectOptions options, ApiKeys keys)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Patience, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.InitialBackoff, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBackoff, TimeSpan.Zero);
        (_options, _keys) = (options, keys);
    }

    /// <summary>The headers of the next try.</summary>
    /// <exception cref="RpcException">There is no key at the moment.</exception>
    public async Task<Metadata> GetHeadersAsync(CancellationToken cancellationToken)
    {
        _key = await _keys.GetAsync(cancellationToken);
        _certificateId = _keys.FindCertificateId();
        return ApiKeys.HeadersOf(_key);
    }

    /// <summary>A try got somewhere; the next one is the first again.</summary>
    public void Reset() => (_failures, _isKeyRenewed) = (0, false);

    /// <summary>Waits until it is time to try again.</summary>
    /// <exception cref="RpcException">The error, which no further try would mend, or which has outlasted the patience.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task WaitAsync(RpcException error, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (error.StatusCode == StatusCode.Unauthenticated && await HasNewKeyAsync(cancellationToken))
        {
            _options.Reconnecting?.Invoke(error, TimeSpan.Zero);
            return;
        }

        if (_failures++ == 0)
        {
            _firstFailure = _options.Clock.GetTimestamp();
        }

        var asked = error.GetRetryDelay() ?? TimeSpan.Zero;
        var left = _options.Patience - _options.Clock.GetElapsedTime(_firstFailure);
        if (IsFinal(error.StatusCode) || left <= asked)
        {
            // Keeps the trace of the call.
            ExceptionDispatchInfo.Throw(error);
        }

        var longest = _options.InitialBackoff * Math.Pow(2, Math.Min(_failures - 1, 30));
        var delay = asked + (_options.Jitter() * (longest < _options.MaxBackoff ? longest : _options.MaxBackoff));
        delay = delay < left ? delay : left;
        _options.Reconnecting?.Invoke(error, delay);
        await _options.Clock.WaitAsync(delay, cancellationToken);
    }

    // What a server that has the run says of the request. Everything else may also come from a connection that broke, or from a proxy whose server is away:
    // its pages in HTML have any status, and UNIMPLEMENTED is what its 404 becomes.
    private static bool IsFinal(StatusCode status) => status
        is StatusCode.NotFound
        or StatusCode.InvalidArgument
        or StatusCode.OutOfRange
        or StatusCode.FailedPrecondition
        or StatusCode.Unauthenticated
        or StatusCode.PermissionDenied;

    /// <summary>Whether there is another key or certificate than the one that was refused: asked once until a try has got somewhere.</summary>
    private async Task<bool> HasNewKeyAsync(CancellationToken cancellationToken)
    {
        if (_isKeyRenewed || !_keys.MayChange)
        {
            return false;
        }

        _isKeyRenewed = true;
        return await _keys.GetAsync(cancellationToken) != _key || _keys.FindCertificateId() != _certificateId;
    }
}
