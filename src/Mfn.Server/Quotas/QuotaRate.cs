namespace Mfn.Server.Quotas;

/// <summary>What is left of the cell-steps that somebody who pays has saved up.</summary>
/// <param name="IsTenant">Whether it is the tenant's; the identity's otherwise.</param>
/// <param name="Burst">The most that there can be.</param>
/// <param name="BurstTime">The time in which so many are saved up.</param>
/// <param name="Left">How many there are now; 0 also where some are promised that are still to come.</param>
/// <param name="UntilFull">How long it takes until there are as many as there can be, if nobody takes any.</param>
internal readonly record struct QuotaRate(bool IsTenant, long Burst, TimeSpan BurstTime, long Left, TimeSpan UntilFull);
