using System.Globalization;
using System.Text.Json.Nodes;

namespace Mfn.SecretFakes;

/// <summary>Where AWS's clients ask who they are: the endpoint of a container, the metadata of a machine (IMDSv2) and the token service (STS).</summary>
public sealed class FakeCredentials : FakeServer
{
    /// <summary>What a container must show to its endpoint.</summary>
    public const string ContainerToken = "container-token-of-the-fake";

    private const string MetadataToken = "metadata-token-of-the-fake";

    /// <summary>What each of them gives: key, secret and session token.</summary>
    public required (string Key, string Secret, string Session) Given { get; init; }

    protected override (int Status, JsonNode Body) Answer(HttpRequest request, string body) => request.Path.Value switch
    {
        "/container" when request.Headers.Authorization == ContainerToken => (200, Credentials()),
        "/latest/meta-data/iam/security-credentials/mfn-role" when request.Headers["X-aws-ec2-metadata-token"] == MetadataToken => (200, Credentials()),
        _ => (403, new JsonObject()),
    };

    /// <summary>Starts it; what is no JSON is answered here.</summary>
    public Task StartAsync()
    {
        Instead = request => (request.Method, request.Path.Value) switch
        {
            ("PUT", "/latest/api/token") when request.Headers.ContainsKey("X-aws-ec2-metadata-token-ttl-seconds") => (200, MetadataToken, null),
            ("GET", "/latest/meta-data/iam/security-credentials/" or "/latest/meta-data/iam/security-credentials") when request.Headers["X-aws-ec2-metadata-token"] == MetadataToken => (200, "mfn-role", null),
            ("POST", "/") => (200, $"""
                <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
                <AccessKeyId>{Given.Key}</AccessKeyId><SecretAccessKey>{Given.Secret}</SecretAccessKey><SessionToken>{Given.Session}</SessionToken><Expiration>{Expiration}</Expiration>
                </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
                """, null),
            _ => null,
        };
        return StartAsync(configure: null);
    }

    private static string Expiration => DateTimeOffset.UtcNow.AddHours(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private JsonObject Credentials() => new()
    {
        ["Code"] = "Success",
        ["LastUpdated"] = "2026-11-28T00:00:00Z",
        ["Type"] = "AWS-HMAC",
        ["AccessKeyId"] = Given.Key,
        ["SecretAccessKey"] = Given.Secret,
        ["Token"] = Given.Session,
        [nameof(Expiration)] = Expiration,
    };
}
