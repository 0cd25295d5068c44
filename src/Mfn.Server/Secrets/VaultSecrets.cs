using System.Net;
using System.Text.Json;

namespace Mfn.Server.Secrets;

/// <summary>
/// Secrets in a key-value engine (version 2) of HashiCorp Vault, or what speaks its HTTP API. The path is that of the engine, then that of the secret in it; an engine whose
/// own path has slashes ends with two. Thread-safe.
/// </summary>
internal sealed class VaultSecrets : ISecretProvider, IRenewedAccess, IDisposable
{
    private readonly VaultAccess _access;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _gettingToken = new(1);
    private volatile VaultToken? _token;

    public VaultSecrets(VaultAccess access, TimeProvider clock)
    {
        (_access, _clock) = (access, clock);
        _http = new HttpClient(SecretHttp.CreateHandler(access.Address, access.AuthorityFile is { } file ? () => access.Read(file) : null))
        {
            MaxResponseContentBufferSize = SecretHttp.MostBytes,
        };
    }

    public string Scheme => SecretReference.Vault;

    public bool IsRemote => true;

    public string Setting => _access.Setting;

    public DateTimeOffset? RenewAt => _token is { } token && (token.IsRenewable || _access.TokenFile is null) ? token.ThirdLeft : null;

    public DateTimeOffset? Expires => _token?.Expires;

    public async ValueTask<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var place = $"vault:{path}";
        var (mount, name) = Split(path);
        var token = await GetTokenAsync(cancellationToken);
        var answer = await SendAsync(HttpMethod.Get, $"{mount}/data/{name}", token.Value, body: null, cancellationToken);
        if (answer.Status == HttpStatusCode.Forbidden && _access.TokenFile is null)
        {
            // It may have been revoked, or have come to its end while nobody looked.
            token = await LogInAsync(token, cancellationToken);
            answer = await SendAsync(HttpMethod.Get, $"{mount}/data/{name}", token.Value, body: null, cancellationToken);
        }

        if (answer.Status == HttpStatusCode.NotFound)
        {
            throw new SecretUnavailableException(answer.TryFind(out var gone, "data", "metadata") && gone.ValueKind == JsonValueKind.Object
                ? $"must be a secret that there is, but the newest version of {place} was deleted."
                : $"must be a secret that there is, but there is no {place}: is {mount} a key-value engine of version 2?");
        }

        if (answer.Status == HttpStatusCode.Forbidden)
        {
            throw new SecretUnavailableException($"must be a secret that the server may read, but Vault does not let it read {place}: its token is not good, or its policy needs read on {mount}/data/{name}.");
        }

        Require(answer, place);
        return answer.TryFind(out var data, "data", "data") && data.ValueKind == JsonValueKind.Object
            ? data.GetRawText()
            : throw new SecretUnavailableException($"must be a secret of a key-value engine of version 2, but {place} is something else.");
    }

    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        if (_token is not { } token)
        {
            return;
        }

        // One whose longest time is near gets ever shorter.
        var mustLogIn = _access.TokenFile is null && (!token.IsRenewable || token.Lease < token.FirstLease / 2);
        if (!mustLogIn)
        {
            var answer = await SendAsync(HttpMethod.Post, "auth/token/renew-self", token.Value, new Dictionary<string, string>(), cancellationToken);
            if (answer.Status == HttpStatusCode.OK && answer.TryFind(out var auth, "auth"))
            {
                var lease = Lease(auth, "lease_duration");
                Replace(token, token with { Lease = lease, IsRenewable = IsTrue(auth, "renewable"), Obtained = _clock.GetUtcNow() });
                return;
            }

            if (answer.Status is not (HttpStatusCode.Forbidden or HttpStatusCode.BadRequest))
            {
                Require(answer, "auth/token/renew-self");
            }

            if (_access.TokenFile is not null)
            {
                Replace(token, token with { IsRenewable = false });
                throw new SecretUnavailableException("must be a token that can be renewed, but Vault does not renew it: put another one into its file.");
            }
        }

        await LogInAsync(token, cancellationToken);
    }

    public void Dispose()
    {
        _http.Dispose();
        _gettingToken.Dispose();
    }

    private static (string Mount, string Name) Split(string path)
    {
        var twice = path.IndexOf("//", StringComparison.Ordinal);
        var (mount, name) = twice > 0 ? (path[..twice], path[(twice + 2)..]) : (path[..path.IndexOf('/', StringComparison.Ordinal)], path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        return (Escape(mount), Escape(name));

        static string Escape(string segments) => string.Join('/', segments.Split('/').Select(Uri.EscapeDataString));
    }

    private async Task<VaultToken> GetTokenAsync(CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        if (_access.TokenFile is not { } file)
        {
            return _token is { } known && (known.Expires ?? DateTimeOffset.MaxValue) > now ? known : await LogInAsync(_token, cancellationToken);
        }

        var value = _access.Read(file).Trim();
        if (value.Length == 0 || !value.All(letter => letter is > ' ' and < (char)0x7f))
        {
            throw new SecretUnavailableException($"must be a secret that can be read, but {_access.Setting} has {(value.Length == 0 ? "no token" : "no token that could be sent")}.");
        }

        if (_token?.Value == value)
        {
            return _token;
        }

        await _gettingToken.WaitAsync(cancellationToken);
        try
        {
            if (_token?.Value == value)
            {
                return _token;
            }

            // A token that may not look at itself is used as it is.
            var answer = await SendAsync(HttpMethod.Get, "auth/token/lookup-self", value, body: null, cancellationToken);
            var isKnown = answer.TryFind(out var data, "data") && answer.Status == HttpStatusCode.OK;
            var lease = isKnown ? Lease(data, "ttl") : TimeSpan.Zero;
            return _token = new VaultToken(value, lease, lease, isKnown && IsTrue(data, "renewable"), _clock.GetUtcNow());
        }
        finally
        {
            _gettingToken.Release();
        }
    }

    /// <summary>Another token than one that is of no use any more; all who want one wait for the same.</summary>
    private async Task<VaultToken> LogInAsync(VaultToken? old, CancellationToken cancellationToken)
    {
        await _gettingToken.WaitAsync(cancellationToken);
        try
        {
            if (_token is { } token && token != old)
            {
                return token;
            }

            var answer = await SendAsync(HttpMethod.Post, _access.LoginPath, token: null, _access.Credentials(), cancellationToken);
            if (answer.Status is HttpStatusCode.Forbidden or HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.Unauthorized)
            {
                throw new SecretUnavailableException($"must be a secret that the server may read, but Vault does not let it log in ({_access.Setting}, {_access.LoginPath}){answer.Errors}.");
            }

            Require(answer, _access.LoginPath);
            if (!answer.TryFind(out var auth, "auth") || !auth.TryGetProperty("client_token", out var value) || value.ValueKind != JsonValueKind.String)
            {
                throw new SecretUnavailableException($"must be a secret that can be read, but Vault's answer to {_access.LoginPath} has no token.");
            }

            var lease = Lease(auth, "lease_duration");
            return _token = new VaultToken(value.GetString()!, lease, lease, IsTrue(auth, "renewable"), _clock.GetUtcNow());
        }
        finally
        {
            _gettingToken.Release();
        }
    }

    private void Replace(VaultToken old, VaultToken renewed) => Interlocked.CompareExchange(ref _token, renewed, old);

    private static TimeSpan Lease(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var seconds) && seconds.TryGetInt64(out var count) && count is > 0 and < int.MaxValue ? TimeSpan.FromSeconds(count) : TimeSpan.Zero;

    private static bool IsTrue(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private void Require(VaultAnswer answer, string what)
    {
        var status = (int)answer.Status;
        var why = status switch
        {
            >= 200 and < 300 => null,
            >= 300 and < 400 => "it is a standby, which sends to another address: make it the active one's",
            404 => "it knows nothing of that",
            429 => "it has too many requests (429)",
            472 or 473 => "it is a standby, which serves nobody",
            503 => "it is sealed, or being maintained (503)",
            >= 500 => $"it failed ({status})",
            _ => $"it refuses that ({status})",
        };
        if (why is not null)
        {
            throw new SecretUnavailableException($"must be a secret that can be read, but Vault at {_access.Address.Authority} does not give {what}: {why}{answer.Errors}.")
            {
                IsPassing = status is 412 or 429 or 472 or 473 or >= 500,
                RetryAfter = answer.RetryAfter,
            };
        }
    }

    private async Task<VaultAnswer> SendAsync(HttpMethod method, string path, string? token, IReadOnlyDictionary<string, string>? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri($"{_access.Address.ToString().TrimEnd('/')}/v1/{path}")) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-Vault-Request", "true");
        if (_access.Namespace is { } space)
        {
            request.Headers.Add("X-Vault-Namespace", space);
        }

        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Vault-Token", token);
        }

        try
        {
            // What is sent is no part of what is told: Vault may say it again.
            using var response = await _http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return VaultAnswer.Read(response, text, [token, .. body?.Values ?? []]);
        }
        catch (HttpRequestException error)
        {
            throw new SecretUnavailableException($"must be a secret that can be read, but Vault at {_access.Address.Authority} cannot be reached: {error.GetBaseException().Message.TrimEnd('.')}.")
            {
                IsPassing = error.HttpRequestError is not (HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.SecureConnectionError),
            };
        }
    }
}
