namespace Grpc.Core;

/// <summary>What all four kinds of call can do beside their messages, given by whoever started the call.</summary>
internal readonly struct CallOperations
{
    private readonly Func<object, Task<Metadata>> _getResponseHeaders;
    private readonly Func<object, Status> _getStatus;
    private readonly Func<object, Metadata> _getTrailers;
    private readonly Action<object> _dispose;
    private readonly object _state;

    /// <summary>Functions that share a state, so that starting a call allocates no closures.</summary>
    public CallOperations(
        Func<object, Task<Metadata>> getResponseHeaders,
        Func<object, Status> getStatus,
        Func<object, Metadata> getTrailers,
        Action<object> dispose,
        object state)
    {
        _getResponseHeaders = getResponseHeaders;
        _getStatus = getStatus;
        _getTrailers = getTrailers;
        _dispose = dispose;
        _state = state;
    }

    public CallOperations(
        Task<Metadata> responseHeaders,
        Func<Status> getStatus,
        Func<Metadata> getTrailers,
        Action dispose)
        : this(
            static state => ((Closures)state).ResponseHeaders,
            static state => ((Closures)state).GetStatus(),
            static state => ((Closures)state).GetTrailers(),
            static state => ((Closures)state).Dispose(),
            new Closures(responseHeaders, getStatus, getTrailers, dispose))
    {
    }

    public Task<Metadata> GetResponseHeadersAsync() => _getResponseHeaders(_state);

    public Status GetStatus() => _getStatus(_state);

    public Metadata GetTrailers() => _getTrailers(_state);

    public void Dispose() => _dispose(_state);

    private sealed record Closures(
        Task<Metadata> ResponseHeaders,
        Func<Status> GetStatus,
        Func<Metadata> GetTrailers,
        Action Dispose);
}
