namespace Mfn.Server.Configuration;

/// <summary>Who may call without saying who it is.</summary>
internal sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>
    /// Whether callers without credentials may do everything in the default tenant. A server that no authentication is configured for, and that listens on
    /// loopback alone, serves them anyway.
    /// </summary>
    public bool AllowAnonymous { get; set; }
}
