using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Runs;

/// <summary>Whether the data directory can be written, if there is one.</summary>
internal sealed class DiskCheck(RunRegistry runs, TimeProvider clock) : IHealthCheck, IDisposable
{
    // A probe waits for the disk; whoever asks for health asks often.
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _probing = new(1);
    private long? _probed;
    private string? _problem;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await FindProblemAsync(cancellationToken) is { } problem
            ? HealthCheckResult.Unhealthy($"The data directory cannot be written: {problem}")
            : HealthCheckResult.Healthy();

    public void Dispose() => _probing.Dispose();

    private async Task<string?> FindProblemAsync(CancellationToken cancellationToken)
    {
        if (runs.Store is not { } store)
        {
            return null;
        }

        await _probing.WaitAsync(cancellationToken);
        try
        {
            if (_probed is not { } last || clock.GetElapsedTime(last) >= ProbeInterval)
            {
                _problem = await Task.Run(store.FindWriteProblem, cancellationToken);
                _probed = clock.GetTimestamp();
            }

            return _problem;
        }
        finally
        {
            _probing.Release();
        }
    }
}
