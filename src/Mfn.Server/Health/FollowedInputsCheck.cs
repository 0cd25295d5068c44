using Mfn.Server.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Health;

/// <summary>
/// Whether what is in force of what the server follows is still good: certificates, lists of revoked ones, access to secrets. That the newest cannot be read is for
/// <see cref="ServingCheck"/> to tell, since what was there before serves.
/// </summary>
internal sealed class FollowedInputsCheck(FollowedInputs inputs, TimeProvider clock) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var now = clock.GetUtcNow();
        string[] expired = [.. inputs.All.Where(input => input.Expires <= now).Select(input => $"{input.Name} was good until {input.Expires:u}.")];
        return Task.FromResult(expired.Length > 0 ? HealthCheckResult.Unhealthy(string.Join(' ', expired)) : HealthCheckResult.Healthy());
    }
}
