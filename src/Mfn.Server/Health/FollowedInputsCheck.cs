using Mfn.Server.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Health;

/// <summary>Whether what the server follows is good: keys, certificates, secrets, settings. What cannot be read leaves in force what was there, until that expires.</summary>
internal sealed class FollowedInputsCheck(FollowedInputs inputs, TimeProvider clock) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var now = clock.GetUtcNow();
        var all = inputs.All;
        var notes = all.Where(input => input.Note is not null).ToDictionary(input => input.Name, object (input) => input.Note!);
        var expired = all.Where(input => input.Expires <= now).Select(input => input.Name).ToArray();
        return Task.FromResult(
            expired.Length > 0 ? HealthCheckResult.Unhealthy($"Expired: {string.Join(", ", expired)}.", data: notes)
            : notes.Count > 0 ? HealthCheckResult.Degraded("What was there before is in force, or will not be good for long.", data: notes)
            : HealthCheckResult.Healthy());
    }
}
