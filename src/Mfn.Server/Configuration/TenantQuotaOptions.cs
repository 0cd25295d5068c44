namespace Mfn.Server.Configuration;

/// <summary>What all identities of a tenant may have together.</summary>
internal sealed class TenantQuotaOptions : QuotaOptions
{
    public const string Section = "Auth:Quotas:Tenant";
    public const string Whose = "all identities of a tenant together";
}
