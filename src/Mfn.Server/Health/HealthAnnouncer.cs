using Grpc.AspNetCore.HealthChecks;
using Grpc.HealthCheck;
using Microsoft.Extensions.Options;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Mfn.Server.Health;

/// <summary>
/// Tells those who ask for the server's health, and those who watch it, of a change at once; they would else learn of it at the next turn of the
/// periodic checks.
/// </summary>
internal sealed class HealthAnnouncer(HealthServiceImpl health, IOptions<GrpcHealthChecksOptions> options)
{
    public void Announce(ServingStatus status)
    {
        foreach (var service in options.Value.Services)
        {
            health.SetStatus(service.Name, status);
        }
    }
}
