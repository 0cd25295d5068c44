using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mfn.SecretFakes;

/// <summary>Vault's HTTP API as it is documented, as far as a reader of secrets needs it: KV version 2, its own token, Kubernetes and AppRole.</summary>
/// <param name="clock">Tells when tokens end.</param>
public sealed class FakeVault(TimeProvider clock) : FakeServer
{
    private readonly Dictionary<string, Token> _tokens = [];
    private readonly Dictionary<string, List<Version>> _secrets = [];
    private readonly Dictionary<string, (string Jwt, TimeSpan Lease, TimeSpan Longest, bool IsRenewable)> _kubernetes = [];
    private readonly Dictionary<string, (string SecretId, TimeSpan Lease)> _appRoles = [];
    private int _count;

    /// <summary>Where KV version 2 is mounted.</summary>
    public IReadOnlySet<string> Mounts { get; init; } = new HashSet<string> { "secret", "team/kv" };

    /// <summary>Whether it is sealed.</summary>
    public bool IsSealed { get; set; }

    /// <summary>How many tokens it has given to those who logged in.</summary>
    public int LoginCount { get; private set; }

    /// <summary>How many times a token was renewed.</summary>
    public int RenewalCount { get; private set; }

    /// <summary>The token that was given out last.</summary>
    public string LastToken { get; private set; } = "";

    /// <summary>Makes a token.</summary>
    /// <param name="token">The token.</param>
    /// <param name="lease">For how long it is good; zero for ever.</param>
    /// <param name="isRenewable">Whether that can be made longer.</param>
    /// <param name="longest">For how long at the most; zero for no end.</param>
    /// <param name="mayRead">Whether its policies let it read secrets.</param>
    public void AddToken(string token, TimeSpan lease, bool isRenewable = true, TimeSpan longest = default, bool mayRead = true)
    {
        lock (Requests)
        {
            _tokens[token] = new Token(lease, isRenewable, longest, mayRead, clock.GetUtcNow()) { Expires = lease == TimeSpan.Zero ? null : clock.GetUtcNow() + lease };
        }
    }

    /// <summary>Takes a token away.</summary>
    public void Revoke(string token)
    {
        lock (Requests)
        {
            _tokens.Remove(token);
        }
    }

    /// <summary>Writes another version of a secret.</summary>
    /// <param name="path">The mount, /data/ and the path in it, as in requests, with a namespace and a slash in front if there is one.</param>
    /// <param name="data">A JSON object.</param>
    public void Put(string path, string data)
    {
        lock (Requests)
        {
            Versions(path).Add(new Version(JsonNode.Parse(data)!, clock.GetUtcNow()));
        }
    }

    /// <summary>Deletes the newest version.</summary>
    public void Delete(string path)
    {
        lock (Requests)
        {
            Versions(path)[^1].Deleted = clock.GetUtcNow();
        }
    }

    /// <summary>Lets a service account of Kubernetes log in.</summary>
    public void AddKubernetesRole(string role, string jwt, TimeSpan lease, TimeSpan longest = default, bool isRenewable = true)
    {
        lock (Requests)
        {
            _kubernetes[role] = (jwt, lease, longest, isRenewable);
        }
    }

    /// <summary>Lets somebody with a secret id log in.</summary>
    public void AddAppRole(string roleId, string secretId, TimeSpan lease)
    {
        lock (Requests)
        {
            _appRoles[roleId] = (secretId, lease);
        }
    }

    protected override (int Status, JsonNode Body) Answer(HttpRequest request, string body)
    {
        var path = request.Path.Value ?? "";
        if (!path.StartsWith("/v1/", StringComparison.Ordinal))
        {
            return Errors(404);
        }

        path = path["/v1/".Length..];
        var isWrite = request.Method is "POST" or "PUT";
        if (path == "sys/seal-status")
        {
            return (200, new JsonObject { ["type"] = "shamir", ["initialized"] = true, ["sealed"] = IsSealed, ["t"] = 1, ["n"] = 1, ["progress"] = 0, ["version"] = "1.15.0" });
        }

        if (IsSealed)
        {
            return Errors(503, "Vault is sealed");
        }

        var written = Parse(body);
        if (isWrite && path == "auth/kubernetes/login")
        {
            return LogInToKubernetes(Text(written, "role"), Text(written, "jwt"));
        }

        if (isWrite && path == "auth/approle/login")
        {
            return _appRoles.TryGetValue(Text(written, "role_id"), out var role) && role.SecretId == Text(written, "secret_id")
                ? Give(role.Lease, isRenewable: true, longest: default)
                : Errors(400, "invalid role or secret ID");
        }

        if (request.Headers["X-Vault-Token"] is not [{ Length: > 0 } token])
        {
            return Errors(400, "missing client token");
        }

        if (!_tokens.TryGetValue(token, out var known) || known.Expires <= clock.GetUtcNow())
        {
            return Errors(403, "permission denied");
        }

        return path switch
        {
            "auth/token/lookup-self" when request.Method == "GET" => (200, Wrap(new JsonObject
            {
                ["id"] = token,
                ["ttl"] = Seconds(known.Expires - clock.GetUtcNow()),
                ["creation_ttl"] = Seconds(known.Lease),
                ["renewable"] = known.IsRenewable,
                ["policies"] = new JsonArray("default"),
            })),
            "auth/token/renew-self" when isWrite => Renew(token, known),
            _ => AnswerSecret(request, path, known, written),
        };
    }

    private (int Status, JsonNode Body) AnswerSecret(HttpRequest request, string path, Token token, JsonNode? written)
    {
        var space = request.Headers["X-Vault-Namespace"] is [{ Length: > 0 } name] ? $"{name.Trim('/')}/" : "";
        if (Mounts.FirstOrDefault(mount => path.StartsWith($"{mount}/data/", StringComparison.Ordinal)) is not { } || !token.MayRead)
        {
            return token.MayRead ? Errors(404) : Errors(403, "1 error occurred:\n\t* permission denied\n\n");
        }

        var versions = Versions(space + path);
        switch (request.Method)
        {
            case "POST" or "PUT":
                if (written?["data"] is not JsonObject data)
                {
                    return Errors(400, "no data provided");
                }

                versions.Add(new Version(data.DeepClone(), clock.GetUtcNow()));
                return (200, Wrap(Metadata(versions, versions.Count)));
            case "DELETE" when versions.Count > 0:
                versions[^1].Deleted = clock.GetUtcNow();
                return (204, new JsonObject());
            case "GET":
                var number = int.TryParse(request.Query["version"], out var asked) && asked > 0 ? asked : versions.Count;
                if (number == 0 || number > versions.Count)
                {
                    return Errors(404);
                }

                var version = versions[number - 1];
                return (version.Deleted is null ? 200 : 404, Wrap(new JsonObject { ["data"] = version.Deleted is null ? version.Data.DeepClone() : null, ["metadata"] = Metadata(versions, number) }));
            default:
                return Errors(405, "unsupported operation");
        }
    }

    private (int Status, JsonNode Body) LogInToKubernetes(string role, string jwt) =>
        !_kubernetes.TryGetValue(role, out var known) ? Errors(400, $"invalid role name \"{role}\"")
        : known.Jwt != jwt ? Errors(403, "permission denied")
        : Give(known.Lease, known.IsRenewable, known.Longest);

    private (int Status, JsonNode Body) Give(TimeSpan lease, bool isRenewable, TimeSpan longest)
    {
        LoginCount++;
        LastToken = $"hvs.given{++_count:D4}{Guid.NewGuid():N}";
        _tokens[LastToken] = new Token(lease, isRenewable, longest, MayRead: true, clock.GetUtcNow()) { Expires = clock.GetUtcNow() + lease };
        return (200, Wrap(data: null, Auth(LastToken, lease, isRenewable)));
    }

    private (int Status, JsonNode Body) Renew(string token, Token known)
    {
        if (!known.IsRenewable)
        {
            return Errors(400, "lease is not renewable");
        }

        RenewalCount++;
        var now = clock.GetUtcNow();
        var left = known.Longest == TimeSpan.Zero ? TimeSpan.MaxValue : known.Created + known.Longest - now;
        var lease = left < known.Lease ? left : known.Lease;
        known.Expires = now + lease;
        return (200, Wrap(data: null, Auth(token, lease, known.IsRenewable)));
    }

    private List<Version> Versions(string path) => _secrets.TryGetValue(path, out var versions) ? versions : _secrets[path] = [];

    private static JsonObject Metadata(List<Version> versions, int number) => new()
    {
        ["created_time"] = versions[number - 1].Created.ToString("O"),
        ["custom_metadata"] = null,
        ["deletion_time"] = versions[number - 1].Deleted?.ToString("O") ?? "",
        ["destroyed"] = false,
        ["version"] = number,
    };

    private static JsonObject Auth(string token, TimeSpan lease, bool isRenewable) => new()
    {
        ["client_token"] = token,
        ["accessor"] = "accessor",
        ["policies"] = new JsonArray("default"),
        ["token_policies"] = new JsonArray("default"),
        ["metadata"] = new JsonObject(),
        ["lease_duration"] = Seconds(lease),
        ["renewable"] = isRenewable,
        ["entity_id"] = "",
        ["token_type"] = "service",
        ["orphan"] = true,
    };

    private static JsonObject Wrap(JsonNode? data, JsonNode? auth = null) => new()
    {
        ["request_id"] = Guid.NewGuid().ToString(),
        ["lease_id"] = "",
        ["renewable"] = false,
        ["lease_duration"] = 0,
        ["data"] = data,
        ["wrap_info"] = null,
        ["warnings"] = null,
        ["auth"] = auth,
    };

    private static (int Status, JsonNode Body) Errors(int status, params string[] errors) => (status, new JsonObject { ["errors"] = new JsonArray([.. errors.Select(error => JsonValue.Create(error))]) });

    private static long Seconds(TimeSpan? time) => (long)(time ?? TimeSpan.Zero).TotalSeconds;

    private static string Text(JsonNode? parent, string name) => parent?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    private static JsonNode? Parse(string body)
    {
        try
        {
            return body.Length == 0 ? null : JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Token(TimeSpan Lease, bool IsRenewable, TimeSpan Longest, bool MayRead, DateTimeOffset Created)
    {
        public DateTimeOffset? Expires { get; set; }
    }

    private sealed record Version(JsonNode Data, DateTimeOffset Created)
    {
        public DateTimeOffset? Deleted { get; set; }
    }
}
