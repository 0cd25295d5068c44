using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Mfn.Server.Texts;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Mfn.Server.Identity;

/// <summary>
/// The keys by which tokens are signed, from a file that is followed, or from an issuer, which is asked now and then and when a key is not known. What cannot be had leaves
/// in force what was there. Thread-safe.
/// </summary>
internal sealed partial class TokenKeys : IDisposable
{
    // An issuer that takes a key away is believed after so long.
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(1);

    // Tokens with keys that nobody knows cost the issuer no more than this.
    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly JwtOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<TokenKeys> _logger;
    private readonly FollowedFile? _file;
    private readonly FollowedInput? _input;
    private readonly HttpClient? _http;
    private readonly ITimer? _timer;
    private IReadOnlyList<SecurityKey> _keys = [];
    private Task _fetching = Task.CompletedTask;
    private Task? _next;
    private long? _fetched;

    public TokenKeys(IOptions<JwtOptions> options, FollowedInputs inputs, ILogger<TokenKeys> logger)
    {
        (_options, _clock, _logger) = (options.Value, inputs.Clock, logger);
        if (_options.KeySetFile is { } path)
        {
            _file = new FollowedFile($"{JwtOptions.Section}:{nameof(JwtOptions.KeySetFile)}", path, text => Use(Read(text)), inputs, logger);
        }
        else if (_options.Authority is not null || _options.KeySetUrl is not null)
        {
            _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !new Uri(Source).IsLoopback }) { Timeout = FetchTimeout, MaxResponseContentBufferSize = 1 << 20 };
            _input = inputs.Add($"{JwtOptions.Section}:{(_options.KeySetUrl is null ? nameof(JwtOptions.Authority) : nameof(JwtOptions.KeySetUrl))}");
            _timer = _clock.CreateTimer(_ => _ = RefreshAsync(), state: null, TimeSpan.Zero, RefreshInterval);
        }
    }

    private string Source => _options.KeySetUrl ?? $"{_options.Authority!.TrimEnd('/')}/.well-known/openid-configuration";

    /// <summary>Raised when the keys are others than before.</summary>
    public event Action? Changed;

    /// <summary>The keys now.</summary>
    public IReadOnlyList<SecurityKey> Current => Volatile.Read(ref _keys);

    /// <summary>The keys of a set.</summary>
    /// <exception cref="InvalidDataException">It is none, or has no key that can check a signature of an issuer.</exception>
    public static IReadOnlyList<SecurityKey> Read(string text)
    {
        JsonWebKeySet set;
        try
        {
            set = new JsonWebKeySet(text);
        }
        catch (Exception error) when (error is ArgumentException or System.Text.Json.JsonException)
        {
            throw new InvalidDataException("is no JSON Web Key Set.", error);
        }

        // A secret in a set that is public would be one that everybody signs with.
        SecurityKey[] keys = [.. set.GetSigningKeys().Where(key => key is AsymmetricSecurityKey or JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve })];
        return keys.Length > 0 ? keys : throw new InvalidDataException("has no RSA or elliptic curve key for signatures.");
    }

    /// <summary>Done when the answer of an issuer that is being asked is in force.</summary>
    public Task WaitAsync() => Volatile.Read(ref _fetching);

    /// <summary>
    /// Asks the issuer for its keys, though not sooner than the least interval after the last time; done when the answer is in force. All who want it meanwhile wait for the same.
    /// </summary>
    public Task RefreshAsync()
    {
        lock (_lock)
        {
            return _http is null ? Task.CompletedTask : _next ??= FetchSoonAsync(_http);
        }
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _http?.Dispose();
        _file?.Dispose();
    }

    private async Task FetchSoonAsync(HttpClient http)
    {
        // Not while its caller holds the lock.
        await Task.Yield();
        await _fetching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_fetched is { } last && LeastInterval - _clock.GetElapsedTime(last) is { Ticks: > 0 } left)
        {
            await Task.Delay(left, _clock);
        }

        Task fetching;
        lock (_lock)
        {
            (_next, _fetched) = (null, _clock.GetTimestamp());
            _fetching = fetching = FetchAsync(http);
        }

        await fetching;
    }

    private async Task FetchAsync(HttpClient http)
    {
        await Task.Yield();
        try
        {
            var documents = new HttpDocumentRetriever(http) { RequireHttps = !new Uri(Source).IsLoopback };
            if (_options.KeySetUrl is not null)
            {
                Use(Read(await documents.GetDocumentAsync(Source, CancellationToken.None)));
            }
            else
            {
                var found = await OpenIdConnectConfigurationRetriever.GetAsync(Source, documents, CancellationToken.None);
                if (found.Issuer != (_options.Issuer ?? _options.Authority))
                {
                    throw new InvalidDataException($"is that of another issuer: '{CallersText.Show(found.Issuer ?? "", 128)}'.");
                }

                Use(Read(await documents.GetDocumentAsync(found.JwksUri, CancellationToken.None)));
            }

        }
        catch (Exception error) when (error is IOException or HttpRequestException or InvalidOperationException or ArgumentException or InvalidDataException or OperationCanceledException)
        {
            var problem = error.GetBaseException().Message;
            if (_input!.Fail($"must be a source of keys, but '{Source}' is not: {problem}"))
            {
                LogNotFetched(Source, problem);
            }
        }
    }

    private void Use(IReadOnlyList<SecurityKey> keys)
    {
        var isSame = Prints(keys).SetEquals(Prints(Current));
        Volatile.Write(ref _keys, keys);
        if (isSame)
        {
            _input?.Confirm();
        }
        else
        {
            _input?.Take();
            var ids = string.Join(", ", keys.Select(key => CallersText.Show(key.KeyId ?? "-", 64)));
            LogKeys(ids);
            Changed?.Invoke();
        }

        static HashSet<string> Prints(IReadOnlyList<SecurityKey> keys) => [.. keys.Select(PrintOf)];
    }

    /// <summary>What tells a key from others.</summary>
    public static string PrintOf(SecurityKey key) => Convert.ToHexString(key.ComputeJwkThumbprint());

    [LoggerMessage(EventId = 1203, EventName = "TokenKeysInForce", Level = LogLevel.Information, Message = "Tokens are checked by the keys {Ids}")]
    [LogMeaning("The keys by which tokens are checked from now on.")]
    private partial void LogKeys(string ids);

    [LoggerMessage(EventId = 1204, EventName = "TokenKeysNotFetched", Level = LogLevel.Error, Message = "The keys of tokens cannot be had from {Source}, and those that are known stay in force: {Problem}")]
    [LogMeaning("The issuer's keys cannot be had: tokens by keys that are known still work, those by newer ones are refused. Look at the issuer and at the way to it.")]
    private partial void LogNotFetched(string source, string problem);
}
