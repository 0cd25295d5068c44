namespace Mfn.Server.Identity;

/// <summary>What identities are for. The permissions of each are in docs/security.md.</summary>
[Flags]
public enum Roles
{
    /// <summary>For nothing.</summary>
    None = 0,

    /// <summary>Looks at live runs.</summary>
    Viewer = 1,

    /// <summary>Computes, and starts, steers and deletes live runs.</summary>
    Operator = 2,

    /// <summary>A client of federated learning: has updates aggregated.</summary>
    Contributor = 4,

    /// <summary>May do everything in its tenant.</summary>
    Admin = 8,
}
