namespace Mfn.Server.Identity;

/// <summary>Why a credential is refused.</summary>
internal enum CredentialEnd
{
    /// <summary>There is none.</summary>
    Missing,

    /// <summary>It is none that the server knows, or is none at all.</summary>
    Invalid,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>Somebody has taken it back.</summary>
    Revoked,

    /// <summary>It gives other rights now; the same credential may be good for another call.</summary>
    Changed,
}
