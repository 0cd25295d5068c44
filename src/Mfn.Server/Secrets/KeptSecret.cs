namespace Mfn.Server.Secrets;

/// <summary>What a provider over a network answered last. Thread-safe.</summary>
/// <param name="provider">The provider.</param>
/// <param name="path">The place there.</param>
internal sealed class KeptSecret(ISecretProvider provider, string path) : IDisposable
{
    private readonly SemaphoreSlim _reading = new(1);
    private volatile State? _state;
    private long _used;

    /// <summary>When it should be asked for again.</summary>
    public DateTimeOffset Due => _state?.Due ?? DateTimeOffset.MinValue;

    /// <summary>When somebody last wanted it.</summary>
    public DateTimeOffset Used => new(Volatile.Read(ref _used), TimeSpan.Zero);

    /// <summary>The answer, for which the caller waits if there is none yet.</summary>
    /// <exception cref="SecretUnavailableException">The last answer was none.</exception>
    public async Task<string> GetAsync(SecretTimes times, SecretCounters counters, TimeProvider clock, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _used, clock.GetUtcNow().UtcTicks);
        if (_state is null)
        {
            await _reading.WaitAsync(cancellationToken);
            try
            {
                for (var i = 1; _state is not { Problem: null } && i <= SecretTimes.FirstTries; i++)
                {
                    await AskAsync(times, counters, clock, cancellationToken);
                    if (_state is not { Problem.IsPassing: true } failed || i == SecretTimes.FirstTries)
                    {
                        break;
                    }

                    var delay = failed.Problem!.RetryAfter is { } asked && asked < SecretTimes.LongestDelay ? asked : SecretTimes.FirstDelay * Math.Pow(2, i - 1);
                    await Task.Delay(delay, TimeProvider.System, cancellationToken);
                }
            }
            finally
            {
                _reading.Release();
            }
        }

        return _state!.Problem is { } problem ? throw new SecretUnavailableException(problem.Message) : _state.Text;
    }

    /// <summary>Asks once more.</summary>
    public async Task RefreshAsync(SecretTimes times, SecretCounters counters, TimeProvider clock, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            await AskAsync(times, counters, clock, cancellationToken);
        }
        finally
        {
            _reading.Release();
        }
    }

    public void Dispose() => _reading.Dispose();

    private async Task AskAsync(SecretTimes times, SecretCounters counters, TimeProvider clock, CancellationToken cancellationToken)
    {
        counters.CountRequest();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ended.CancelAfter(times.Timeout);
        SecretUnavailableException problem;
        try
        {
            var text = await provider.ReadAsync(path, ended.Token);
            _state = new State(text, null, clock.GetUtcNow() + times.RefreshInterval, 0);
            return;
        }
        catch (SecretUnavailableException error)
        {
            problem = error;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problem = new SecretUnavailableException($"must be what {provider.Scheme}:{path} has, but that did not answer within {times.Timeout}.") { IsPassing = true };
        }

        counters.CountFailedRequest();
        var failures = (_state?.Failures ?? 0) + 1;
        var delay = TimeSpan.FromSeconds(1) * Math.Pow(2, Math.Min(failures - 1, 20));
        delay = delay < times.RefreshInterval ? delay : times.RefreshInterval;
        _state = new State(_state?.Text ?? "", problem, clock.GetUtcNow() + (problem.RetryAfter is { } asked && asked > delay && asked < times.RefreshInterval ? asked : delay), failures);
    }

    private sealed record State(string Text, SecretUnavailableException? Problem, DateTimeOffset Due, int Failures)
    {
        // The text of a record has all that is in it.
        public override string ToString() => nameof(State);
    }
}
