using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>Signed tokens (JWT) that say who is calling. One of Authority, KeySetUrl and KeySetFile says whose signatures count.</summary>
internal sealed class JwtOptions
{
    public const string Section = "Auth:Jwt";

    /// <summary>The issuer, whose OpenID Connect discovery document names its keys.</summary>
    public string? Authority { get; set; }

    /// <summary>Where the keys are (JWKS).</summary>
    public string? KeySetUrl { get; set; }

    /// <summary>The file with the keys (JWKS).</summary>
    public string? KeySetFile { get; set; }

    /// <summary>What a token's iss must be; the authority unless it is set.</summary>
    public string? Issuer { get; set; }

    /// <summary>What a token's aud must have.</summary>
    public string? Audience { get; set; }

    /// <summary>The algorithms of signatures that count, with blanks between them.</summary>
    public string Algorithms { get; set; } = "RS256 PS256 ES256";

    /// <summary>How far the clocks of the issuer and the server may be apart.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The claim with the roles, a list or a text with blanks; words that are no roles are passed over.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>The claim with the tenant; a token without it is of the default tenant.</summary>
    public string TenantClaim { get; set; } = "tenant";
}
