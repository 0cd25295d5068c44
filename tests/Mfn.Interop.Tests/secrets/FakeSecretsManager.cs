using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mfn.SecretFakes;

/// <summary>AWS Secrets Manager's JSON protocol as it is documented, as far as a reader of secrets needs it. Signatures (SigV4) are computed again from what has come.</summary>
/// <param name="clock">Tells when a request is too old, and a session has ended.</param>
public sealed class FakeSecretsManager(TimeProvider clock) : FakeServer
{
    private const string Service = "secretsmanager";
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    // As of AWS.
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, (string Secret, string? Session, DateTimeOffset? Expires)> _keys = [];
    private readonly Dictionary<string, List<(string Id, JsonObject Value)>> _secrets = [];

    /// <summary>The region that signatures must be for.</summary>
    public string Region { get; init; } = "eu-west-1";

    /// <summary>The access key of the last request whose signature was right.</summary>
    public string LastKey { get; private set; } = "";

    /// <summary>Makes an access key.</summary>
    public void AddKey(string id, string secret, string? session = null, DateTimeOffset? expires = null)
    {
        lock (Requests)
        {
            _keys[id] = (secret, session, expires);
        }
    }

    /// <summary>Writes another version of a secret, which becomes the current one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The value; null for none.</param>
    /// <param name="binary">The same as bytes; null for none.</param>
    public void Put(string name, string? value, byte[]? binary = null)
    {
        lock (Requests)
        {
            Versions(name).Add((Guid.NewGuid().ToString(), value is not null ? new JsonObject { ["SecretString"] = value } : binary is not null ? new JsonObject { ["SecretBinary"] = Convert.ToBase64String(binary) } : []));
        }
    }

    /// <summary>Takes a secret away.</summary>
    public void Delete(string name)
    {
        lock (Requests)
        {
            _secrets.Remove(name);
        }
    }

    /// <summary>The ARN of a secret.</summary>
    public string ArnOf(string name) => $"arn:aws:{Service}:{Region}:123456789012:secret:{name}-AbCdEf";

    protected override string ContentType => "application/x-amz-json-1.1";

    protected override (int Status, JsonNode Body) Answer(HttpRequest request, string body)
    {
        if (request.Method != "POST" || request.Path != "/" || request.ContentType != ContentType)
        {
            return Refuse("UnknownOperationException", "");
        }

        if (CheckSignature(request, body) is { } refusal)
        {
            return refusal;
        }

        using var json = JsonDocument.Parse(body.Length == 0 ? "{}" : body);
        return request.Headers["X-Amz-Target"].ToString() switch
        {
            $"{Service}.GetSecretValue" => Get(Text(json, "SecretId"), Text(json, "VersionId"), Text(json, "VersionStage")),
            $"{Service}.CreateSecret" => Create(Text(json, "Name"), Text(json, "SecretString")),
            $"{Service}.PutSecretValue" => Change(Text(json, "SecretId"), Text(json, "SecretString")),
            _ => Refuse("UnknownOperationException", ""),
        };
    }

    private (int Status, JsonNode Body) Get(string id, string version, string stage)
    {
        if (id.Length == 0)
        {
            return Refuse("ValidationException", "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null");
        }

        var name = NameOf(id);
        var index = !_secrets.TryGetValue(name, out var versions) ? -1
            : version.Length > 0 ? versions.FindIndex(each => each.Id == version)
            : stage is "" or "AWSCURRENT" ? versions.Count - 1
            : stage == "AWSPREVIOUS" ? versions.Count - 2
            : -1;
        if (index < 0)
        {
            return Refuse("ResourceNotFoundException", versions is null ? "Secrets Manager can't find the specified secret." : $"Secrets Manager can't find the specified secret value for staging label: {stage}");
        }

        var answer = (JsonObject)versions![index].Value.DeepClone();
        answer["ARN"] = ArnOf(name);
        answer["Name"] = name;
        answer["VersionId"] = versions[index].Id;
        answer["VersionStages"] = new JsonArray(index == versions.Count - 1 ? "AWSCURRENT" : "AWSPREVIOUS");
        answer["CreatedDate"] = 1_700_000_000.5;
        return (200, answer);
    }

    private (int Status, JsonNode Body) Create(string name, string value)
    {
        if (_secrets.TryGetValue(name, out _))
        {
            return Refuse("ResourceExistsException", "The operation failed because the secret already exists.");
        }

        Put(name, value);
        return (200, new JsonObject { ["ARN"] = ArnOf(name), ["Name"] = name, ["VersionId"] = Versions(name)[^1].Id });
    }

    private (int Status, JsonNode Body) Change(string id, string value)
    {
        var name = NameOf(id);
        if (!_secrets.TryGetValue(name, out _))
        {
            return Refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        }

        Put(name, value);
        return (200, new JsonObject { ["ARN"] = ArnOf(name), ["Name"] = name, ["VersionId"] = Versions(name)[^1].Id, ["VersionStages"] = new JsonArray("AWSCURRENT") });
    }

    private (int Status, JsonNode Body)? CheckSignature(HttpRequest request, string body)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return Refuse("MissingAuthenticationTokenException", "Request is missing Authentication Token");
        }

        var parts = header.StartsWith($"{RequestSignature.Algorithm} ", StringComparison.Ordinal)
            ? header[(RequestSignature.Algorithm.Length + 1)..].Split(',', StringSplitOptions.TrimEntries).Select(part => part.Split('=', 2)).Where(part => part.Length == 2).ToDictionary(part => part[0], part => part[1])
            : [];
        if (!parts.TryGetValue("Credential", out var credential) || !parts.TryGetValue("SignedHeaders", out var signed) || !parts.TryGetValue("Signature", out var signature)
            || credential.Split('/') is not [var id, var day, var region, var service, "aws4_request"])
        {
            return Refuse("IncompleteSignatureException", "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'.");
        }

        if (!_keys.TryGetValue(id, out var key) || key.Session != (request.Headers["X-Amz-Security-Token"] is [var session] ? session : null))
        {
            return Refuse("UnrecognizedClientException", "The security token included in the request is invalid.");
        }

        var now = clock.GetUtcNow();
        if (key.Expires <= now)
        {
            return Refuse("ExpiredTokenException", "The security token included in the request is expired");
        }

        var time = request.Headers["X-Amz-Date"].ToString();
        if (!DateTimeOffset.TryParseExact(time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            || (moment - now).Duration() > MostSkew || !time.StartsWith(day, StringComparison.Ordinal))
        {
            return Refuse("InvalidSignatureException", $"Signature expired: {time} is not within 5 min of {now.ToString(TimeFormat, CultureInfo.InvariantCulture)}");
        }

        if (region != Region || service != Service)
        {
            return Refuse("InvalidSignatureException", "Credential should be scoped to a valid region and service.");
        }

        var names = signed.Split(';');
        var mustBeSigned = request.Headers.Keys.Select(name => name.ToLowerInvariant()).Where(name => name == "host" || name.StartsWith("x-amz-", StringComparison.Ordinal));
        if (mustBeSigned.Except(names).Any() || !names.SequenceEqual(names.Order(StringComparer.Ordinal)))
        {
            return Refuse("InvalidSignatureException", "SignedHeaders must have host and every x-amz- header, sorted.");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        if (request.Headers["X-Amz-Content-Sha256"] is [var told] && told != hash)
        {
            return Refuse("InvalidSignatureException", "The payload is another one than that of x-amz-content-sha256.");
        }

        var computed = RequestSignature.Compute(
            key.Secret, (day, region, service), time, "POST", "/", request.QueryString.Value?.TrimStart('?') ?? "", [.. names.Select(name => (name, request.Headers[name].ToString()))], hash);
        if (computed != signature)
        {
            return Refuse("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.");
        }

        LastKey = id;
        return null;
    }

    private List<(string Id, JsonObject Value)> Versions(string name) => _secrets.TryGetValue(name, out var versions) ? versions : _secrets[name] = [];

    private string NameOf(string id) => _secrets.Keys.FirstOrDefault(name => id == ArnOf(name)) ?? id;

    private static (int Status, JsonNode Body) Refuse(string code, string message) => (400, new JsonObject { ["__type"] = code, ["Message"] = message });

    private static string Text(JsonDocument parent, string name) => parent.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
