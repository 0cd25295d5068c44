namespace Mfn.Server.Identity;

/// <summary>How a caller has shown who it is.</summary>
internal enum CredentialKind
{
    /// <summary>Not at all, where that is allowed.</summary>
    Anonymous,

    /// <summary>By an API key.</summary>
    ApiKey,

    /// <summary>By a client certificate, of its own connection or that a trusted proxy tells of.</summary>
    Certificate,

    /// <summary>By a signed token (JWT).</summary>
    Token,
}
