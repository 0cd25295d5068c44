namespace Mfn.Server.Configuration;

/// <summary>Who may call without saying who it is.</summary>
internal sealed class AuthOptions
{
    public const string Section = "Auth";

    [Setting("whether callers without credentials may do everything in the tenant `default`. A server that no authentication is configured for serves them anyway, and must listen on loopback alone: [security](security.md)")]
    public bool AllowAnonymous { get; set; }
}
