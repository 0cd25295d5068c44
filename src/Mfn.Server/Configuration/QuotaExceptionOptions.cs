namespace Mfn.Server.Configuration;

/// <summary>For whom other quotas hold than for everybody.</summary>
internal sealed class QuotaExceptionOptions
{
    public const string Section = "Auth:Quotas";

    /// <summary>The file with the quotas of certain identities and tenants; none if all have the same.</summary>
    public string? File { get; set; }

    /// <summary>Whether admins that have shown who they are have no quotas of their own. Their tenant's hold for them nevertheless.</summary>
    public bool ExemptAdmins { get; set; }
}
