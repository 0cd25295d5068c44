using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Mfn.Server.Texts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mfn.Server.Identity;

/// <summary>
/// The tokens (JWT) that are in use. A token is checked once, since a signature takes longer than most calls, and kept by its hash until its time is over, or its key is taken
/// away. Thread-safe.
/// </summary>
internal sealed partial class TokenStore : IDisposable
{
    /// <summary>The most tokens that are kept; one more takes the place of those used longest ago.</summary>
    public const int MaxKept = 10_000;

    /// <summary>The longest token, in characters.</summary>
    public const int MaxLength = 8192;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private static readonly AuthenticateResult Expired = AuthenticateResult.Fail(CredentialRefusedException.Expired);

    private readonly IDisposable? _following;
    private readonly TokenKeys _keys;
    private readonly TimeProvider _clock;
    private readonly ILogger<TokenStore> _logger;
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ITimer _sweep;
    private JwtOptions _options;

    public TokenStore(IOptionsMonitor<JwtOptions> options, TokenKeys keys, TimeProvider clock, ILogger<TokenStore> logger)
    {
        (_options, _keys, _clock, _logger) = (options.CurrentValue, keys, clock, logger);
        _following = options.OnChange(Use);
        keys.Changed += EndThoseOfOtherKeys;
        _sweep = clock.CreateTimer(_ => Sweep(), state: null, SweepInterval, SweepInterval);
    }

    /// <summary>What authentication answers to a token.</summary>
    public ValueTask<AuthenticateResult> AuthenticateAsync(string token)
    {
        if (token.Length > MaxLength)
        {
            return ValueTask.FromResult(Refuse($"The token must have at most {MaxLength} characters."));
        }

        var hash = HashOf(token);
        if (!_entries.TryGetValue(hash, out var entry) || entry.Credential.End is not null)
        {
            return new ValueTask<AuthenticateResult>(CheckAsync(token, hash));
        }

        var now = _clock.GetUtcNow();
        entry.LastUse = now.UtcTicks;
        return ValueTask.FromResult(entry.Credential.IsExpired(now) ? CredentialRefusedException.Expired.Of(entry.Credential.Identity) : entry.Credential.Accepted);
    }

    public void Dispose()
    {
        _following?.Dispose();
        _keys.Changed -= EndThoseOfOtherKeys;
        _sweep.Dispose();
    }

    private async Task<AuthenticateResult> CheckAsync(string token, string hash)
    {
        if (!HasKeyOf(token))
        {
            await _keys.WaitAsync();
        }

        if (!HasKeyOf(token))
        {
            // Its issuer may have a new one.
            await _keys.RefreshAsync();
        }

        var options = Volatile.Read(ref _options);
        var result = await ValidateAsync(token, options);
        if (!result.IsValid)
        {
            // Its message has what is in the token, and what the settings say must be.
            var reason = Reason(result.Exception);
            var fault = result.Exception.GetType().Name;
            LogRefused(reason, fault);
            return result.Exception is SecurityTokenExpiredException ? Expired : Refuse(reason);
        }

        var read = (JsonWebToken)result.SecurityToken;
        if (Identify(read, options, out var identity) is { } problem)
        {
            return Refuse(problem);
        }

        var entry = new Entry(new Credential(identity!, read.ValidTo + options.ClockSkew), TokenKeys.PrintOf(read.SigningKey)) { LastUse = _clock.GetUtcNow().UtcTicks };
        entry = _entries.AddOrUpdate(hash, entry, (_, old) => old.Credential.End is null ? old : entry);

        // The key may have gone while it was used.
        if (!_keys.Current.Any(key => TokenKeys.PrintOf(key) == entry.Key))
        {
            entry.Credential.Finish(CredentialEnd.Revoked);
        }

        // It may have been judged by settings that have changed meanwhile.
        if (options != Volatile.Read(ref _options))
        {
            entry.Credential.Finish(CredentialEnd.Changed, entry.Credential.Identity);
        }

        return entry.Credential.Accepted;
    }

    private bool HasKeyOf(string token)
    {
        try
        {
            var id = new JsonWebToken(token).Kid;
            return _keys.Current.Any(key => key.KeyId == id);
        }
        catch (ArgumentException)
        {
            // It is no token, which validation will say.
            return true;
        }
    }

    private Task<TokenValidationResult> ValidateAsync(string token, JwtOptions options) => _handler.ValidateTokenAsync(token, new TokenValidationParameters
    {
        ValidIssuer = options.Issuer ?? options.Authority,
        ValidAudience = options.Audience,
        ValidAlgorithms = options.Algorithms.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        IssuerSigningKeys = _keys.Current,
        TryAllIssuerSigningKeys = false,
        ClockSkew = options.ClockSkew,
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        LifetimeValidator = ValidateLifetime,
    });

    // The library would ask the system's clock.
    private bool ValidateLifetime(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = _clock.GetUtcNow().UtcDateTime;
        return expires is null ? throw new SecurityTokenNoExpirationException("The token has no exp.")
            : expires + parameters.ClockSkew <= now ? throw new SecurityTokenExpiredException($"The token expired at {expires:o}.")
            : notBefore - parameters.ClockSkew > now ? throw new SecurityTokenNotYetValidException($"The token is not valid before {notBefore:o}.")
            : true;
    }

    private static string? Identify(JsonWebToken token, JwtOptions options, out CallerIdentity? identity)
    {
        identity = null;
        var tenant = token.TryGetPayloadValue<string>(options.TenantClaim, out var given) ? given : TenantName.Default;
        if (!TenantName.IsValid(tenant))
        {
            return $"The token's {options.TenantClaim} must be {TenantName.Rule}.";
        }

        if (!IdentityName.IsValid(token.Subject ?? ""))
        {
            return $"The token's sub must be {IdentityName.Rule}.";
        }

        var roles = Roles.None;
        foreach (var word in token.Claims.Where(claim => claim.Type == options.RolesClaim).SelectMany(claim => claim.Value.Split(' ')))
        {
            roles |= RoleNames.TryParse(word, out var role) ? role : Roles.None;
        }

        identity = new CallerIdentity(token.Subject!, tenant, roles, CredentialKind.Token, token.Id is { Length: > 0 and <= 128 } id ? CallersText.Show(id) : "");
        return null;
    }

    private static string Reason(Exception error) => error switch
    {
        SecurityTokenInvalidAudienceException => "The token is for another audience.",
        SecurityTokenInvalidIssuerException => "The token is of another issuer.",
        SecurityTokenNotYetValidException => "The token is not valid yet.",
        SecurityTokenInvalidAlgorithmException => "The token is signed with an algorithm that this server does not take.",
        SecurityTokenNoExpirationException => "The token has no exp.",
        _ => "The token is not valid.",
    };

    // Told of every change of settings, of which most are none of these. What was judged by the old ones is judged again when it comes again.
    private void Use(JwtOptions options)
    {
        if (options.IsAs(_options))
        {
            return;
        }

        Volatile.Write(ref _options, options);
        foreach (var (hash, entry) in _entries)
        {
            if (_entries.TryRemove(KeyValuePair.Create(hash, entry)))
            {
                entry.Credential.Finish(CredentialEnd.Changed, entry.Credential.Identity);
            }
        }
    }

    private void EndThoseOfOtherKeys()
    {
        var known = _keys.Current.Select(TokenKeys.PrintOf).ToHashSet();
        foreach (var (hash, entry) in _entries)
        {
            if (!known.Contains(entry.Key) && _entries.TryRemove(KeyValuePair.Create(hash, entry)))
            {
                entry.Credential.Finish(CredentialEnd.Revoked);
            }
        }
    }

    private void Sweep()
    {
        var now = _clock.GetUtcNow();
        foreach (var (hash, entry) in _entries)
        {
            if (entry.Credential.IsExpired(now) && _entries.TryRemove(KeyValuePair.Create(hash, entry)))
            {
                entry.Credential.Finish(CredentialEnd.Expired);
            }
        }

        // What is no longer found is still what its streams hold: their end must not be forgotten.
        if (_entries.Count > MaxKept)
        {
            foreach (var (hash, entry) in _entries.OrderBy(each => each.Value.LastUse).Take(_entries.Count - MaxKept).ToArray())
            {
                _entries.TryRemove(KeyValuePair.Create(hash, entry));
                entry.Credential.Finish(CredentialEnd.Changed, entry.Credential.Identity);
            }
        }
    }

    private static AuthenticateResult Refuse(string message) => AuthenticateResult.Fail(new CredentialRefusedException(CredentialEnd.Invalid, message));

    /// <summary>What a credential is known by, in place of itself.</summary>
    public static string HashOf(string token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(token), hash);
        return Convert.ToHexString(hash);
    }

    [LoggerMessage(EventId = 1202, EventName = "TokenRefused", Level = LogLevel.Debug, Message = "A token was refused: {Reason} ({Fault})")]
    [LogMeaning("Why a token was refused, more exactly than its caller is told.")]
    private partial void LogRefused(string reason, string fault);

    private sealed record Entry(Credential Credential, string Key)
    {
        public long LastUse { get; set; }
    }
}
