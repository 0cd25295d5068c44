using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mfn.Server.Tests.Identity;

/// <summary>Signs tokens, and tells by which keys.</summary>
internal sealed class TestIssuer : IDisposable
{
    public const string Name = "https://issuer.example";
    public const string Audience = "mfn";

    private readonly List<(string Id, RSA Key)> _keys = [];

    public TestIssuer() => Rotate();

    /// <summary>The keys as a JSON Web Key Set.</summary>
    public string KeySet => JsonSerializer.Serialize(new
    {
        keys = _keys.Select(each => (each.Id, Parameters: each.Key.ExportParameters(false))).Select(each => new
        {
            kty = "RSA",
            use = "sig",
            kid = each.Id,
            n = Base64UrlEncoder.Encode(each.Parameters.Modulus),
            e = Base64UrlEncoder.Encode(each.Parameters.Exponent),
        }),
    });

    /// <summary>How often somebody has fetched the keys.</summary>
    public int FetchCount { get; private set; }

    /// <summary>Serves what an issuer of OpenID Connect does: its discovery document and its keys.</summary>
    public async Task<WebApplication> ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, string> { ["issuer"] = app.Urls.Single(), ["jwks_uri"] = $"{app.Urls.Single()}/jwks" }));
        app.MapGet("/jwks", () =>
        {
            FetchCount++;
            return Results.Text(KeySet, "application/json");
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>A new key, by which it signs from now on.</summary>
    public void Rotate() => _keys.Add(($"key-{Guid.NewGuid():N}", RSA.Create(2048)));

    /// <summary>Takes the oldest key away.</summary>
    public void Retire()
    {
        _keys[0].Key.Dispose();
        _keys.RemoveAt(0);
    }

    /// <summary>A token.</summary>
    public string Issue(object roles, string tenant = "default", string issuer = Name, string audience = Audience, DateTimeOffset? expires = null) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            Payload(roles, tenant, issuer, audience, expires),
            new SigningCredentials(new RsaSecurityKey(_keys[^1].Key) { KeyId = _keys[^1].Id }, SecurityAlgorithms.RsaSha256));

    /// <summary>A token that nobody has signed.</summary>
    public string IssueUnsigned(object roles) =>
        $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{Encode(Payload(roles, "default", Name, Audience, null))}.";

    /// <summary>A token whose signature is made of what everybody knows: the public key, as a secret.</summary>
    public string IssueByThePublicKey(object roles)
    {
        var (id, key) = _keys[^1];
        var content = $"{Encode($$"""{"alg":"HS256","typ":"JWT","kid":"{{id}}"}""")}.{Encode(Payload(roles, "default", Name, Audience, null))}";
        return $"{content}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key.ExportSubjectPublicKeyInfoPem()), Encoding.UTF8.GetBytes(content)))}";
    }

    /// <summary>A token by another key, that says it is by this issuer's.</summary>
    public string IssueByAnotherKey(object roles)
    {
        using var other = RSA.Create(2048);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            Payload(roles, "default", Name, Audience, null),
            new SigningCredentials(new RsaSecurityKey(other.ExportParameters(true)) { KeyId = _keys[^1].Id }, SecurityAlgorithms.RsaSha256));
    }

    public void Dispose() => _keys.ForEach(each => each.Key.Dispose());

    private static string Payload(object roles, string tenant, string issuer, string audience, DateTimeOffset? expires) => JsonSerializer.Serialize(
        new { iss = issuer, aud = audience, sub = "somebody", tenant, roles, exp = (expires ?? DateTimeOffset.UtcNow.AddHours(1)).ToUnixTimeSeconds() });

    private static string Encode(string text) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(text));
}
