namespace Mfn.Server.Configuration;

/// <summary>Who may call without saying who it is.</summary>
internal sealed class AuthOptions
{
    public const string Section = "Auth";

    [Setting("whether callers without credentials may do everything in the tenant `default`. A server that no authentication is configured for serves them anyway, and must listen on loopback alone: [security](security.md)")]
    public bool AllowAnonymous { get; set; }

    [Setting("whether callers must show who they are, at every address: the server does not start without a way to, nor with `Auth:AllowAnonymous`")]
    public bool Required { get; set; }
}
