namespace Mfn.Server.Configuration;

/// <summary>For whom other quotas hold than for everybody.</summary>
internal sealed class QuotaExceptionOptions
{
    public const string Section = "Auth:Quotas";

    [Setting("quotas of certain identities and tenants; the running server follows the file within five seconds", Values = "JSON file")]
    public string? File { get; set; }

    [Setting("whether admins that have shown who they are have no quotas of their own, but only those of their tenant", IsLive = true)]
    public bool ExemptAdmins { get; set; }
}
