using Google.Rpc;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Quotas;
using Mfn.Server.Tests.Configuration;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Quotas;

/// <summary>Ledgers on a clock that the test sets, and who is entered in them.</summary>
internal static class QuotaLedgers
{
    public static readonly DateTimeOffset Start = new(2026, 11, 28, 0, 0, 0, TimeSpan.Zero);

    public static QuotaLedger Create(WallClock clock, IdentityQuotaOptions? identities = null, TenantQuotaOptions? tenants = null, QuotaExceptionOptions? exceptions = null) => new(
        new QuotaRules(
            new FixedOptions<IdentityQuotaOptions>(identities ?? new IdentityQuotaOptions()),
            new FixedOptions<TenantQuotaOptions>(tenants ?? new TenantQuotaOptions()),
            new FixedOptions<QuotaExceptionOptions>(exceptions ?? new QuotaExceptionOptions()),
            new FollowedInputs(clock),
            NullLogger<QuotaRules>.Instance),
        clock);

    public static CallerIdentity Caller(string name, string tenant = TenantName.Default, Roles roles = Roles.Operator, string credential = "") =>
        new(name, tenant, roles, CredentialKind.ApiKey, credential);

    /// <summary>What callers are told beyond the exact time: their timers may be a millisecond early.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(1);

    /// <summary>What a refusal says of a quota.</summary>
    public static (string Subject, string Quota, long Limit, TimeSpan? Wait) Told(CallRefusedException refused)
    {
        Assert.Equal(Grpc.Core.StatusCode.ResourceExhausted, refused.StatusCode);
        var violation = Assert.Single(refused.Details.OfType<QuotaFailure>().Single().Violations);
        return (violation.Subject, violation.QuotaMetric, violation.QuotaValue, refused.Details.OfType<RetryInfo>().SingleOrDefault()?.RetryDelay.ToTimeSpan());
    }
}
