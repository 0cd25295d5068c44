using Mfn.Server.Configuration;
using Mfn.Server.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Tests.Health;

public sealed class FollowedInputsCheckTests
{
    [Fact]
    public async Task Check_WhatIsInForceHasExpired_IsUnhealthyUntilSomethingNewerComes()
    {
        var inputs = new FollowedInputs(TimeProvider.System);
        var now = TimeProvider.System.GetUtcNow();
        var check = new FollowedInputsCheck(inputs, TimeProvider.System);
        var certificate = inputs.Add("Tls:CertificateFile");
        inputs.Add("Auth:ApiKeys:File").Fail("cannot be read");
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(new HealthCheckContext())).Status);

        certificate.Take(now.AddSeconds(-1));
        var expired = await check.CheckHealthAsync(new HealthCheckContext());
        Assert.Equal(HealthStatus.Unhealthy, expired.Status);
        Assert.StartsWith("Tls:CertificateFile was good until ", expired.Description, StringComparison.Ordinal);

        certificate.Take(now.AddDays(1));
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(new HealthCheckContext())).Status);
    }
}
