namespace Mfn.Server.Configuration;

/// <summary>What each identity may have.</summary>
internal sealed class IdentityQuotaOptions : QuotaOptions
{
    public const string Section = "Auth:Quotas:Identity";
    public const string Whose = "an identity";
}
