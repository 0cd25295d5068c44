namespace Mfn.Server.Secrets;

/// <summary>What has happened to everything that is followed, since the server started. Thread-safe.</summary>
internal sealed class SecretCounters
{
    private long _changes;
    private long _failures;
    private long _requests;
    private long _failedRequests;

    /// <summary>How many times something new came into force.</summary>
    public long Changes => Interlocked.Read(ref _changes);

    /// <summary>How many looks found what could not be read or used.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>How many times a provider over a network was asked.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>How many of these times it did not answer with the secret.</summary>
    public long FailedRequests => Interlocked.Read(ref _failedRequests);

    public void CountChange() => Interlocked.Increment(ref _changes);

    public void CountFailure() => Interlocked.Increment(ref _failures);

    public void CountRequest() => Interlocked.Increment(ref _requests);

    public void CountFailedRequest() => Interlocked.Increment(ref _failedRequests);
}
