using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>Signed tokens (JWT) that say who is calling. One of Authority, KeySetUrl and KeySetFile says whose signatures count.</summary>
internal sealed class JwtOptions
{
    public const string Section = "Auth:Jwt";

    [Setting("the issuer of OpenID Connect by whose keys tokens (JWT) are checked; `https://`, or `http://` of this machine. One of `Authority`, `KeySetUrl` and `KeySetFile`", Values = "URL")]
    public string? Authority { get; set; }

    [Setting("the JWKS by whose keys tokens are checked; `https://`, or `http://` of this machine", Values = "URL")]
    public string? KeySetUrl { get; set; }

    [Setting("the JWKS by whose keys tokens are checked", Values = "JSON file")]
    public string? KeySetFile { get; set; }

    [Setting("what `iss` must be", Default = "that of `Authority`")]
    public string? Issuer { get; set; }

    [Setting("what `aud` must have; needed where tokens are taken", IsLive = true)]
    public string? Audience { get; set; }

    [Setting("algorithms of signatures that count, with blanks between them; RS, PS and ES with 256, 384 and 512", IsLive = true)]
    public string Algorithms { get; set; } = "RS256 PS256 ES256";

    [Setting("how far the clocks of issuer and server may be apart: a token is good for so long beyond its `exp`", IsLive = true)]
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    [Setting("the claim with the roles, a list, or a text with blanks; other words are passed over", IsLive = true)]
    public string RolesClaim { get; set; } = "roles";

    [Setting("the claim with the tenant, which is `default` where there is none", IsLive = true)]
    public string TenantClaim { get; set; } = "tenant";

    /// <summary>Whether tokens are judged as by others.</summary>
    public bool IsAs(JwtOptions other) =>
        (Audience, Algorithms, ClockSkew, RolesClaim, TenantClaim) == (other.Audience, other.Algorithms, other.ClockSkew, other.RolesClaim, other.TenantClaim);
}
