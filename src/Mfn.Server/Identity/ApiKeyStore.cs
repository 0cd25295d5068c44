using System.Collections.Frozen;
using Mfn.Server.Configuration;
using Mfn.Server.Secrets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Identity;

/// <summary>The API keys of this server, as their file has them now. Thread-safe.</summary>
internal sealed partial class ApiKeyStore : IHostedService, IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private static readonly AuthenticateResult Unknown = AuthenticateResult.Fail(CredentialRefusedException.UnknownKey);

    private readonly TimeProvider _clock;
    private readonly FollowedFile? _file;
    private readonly ApiKeyUsage? _usage;
    private readonly ITimer? _sweep;
    private FrozenDictionary<string, Entry> _entries = FrozenDictionary<string, Entry>.Empty;

    /// <exception cref="InvalidDataException">The file of keys cannot be used (any more).</exception>
    public ApiKeyStore(IOptions<ApiKeyOptions> options, FollowedInputs inputs, ILogger<ApiKeyStore> logger)
    {
        _clock = inputs.Clock;
        if (options.Value.File is { } named)
        {
            // Beside what is no file there is no place for it.
            _usage = SecretReference.PathOf(named) is { } path ? new ApiKeyUsage(path, logger) : null;
            _file = new FollowedFile($"{ApiKeyOptions.Section}:{nameof(ApiKeyOptions.File)}", named, text => Use(ApiKeyFile.Read(text)), inputs, logger);
            _sweep = _clock.CreateTimer(_ => Sweep(), state: null, SweepInterval, SweepInterval);
        }
    }

    /// <summary>Told, on no particular thread, which keys are others than before when the file has changed.</summary>
    public event Action<IReadOnlyList<ApiKeyChange>>? Changed;

    /// <summary>Why a file of keys cannot be used, to be said behind the name of the setting; null if it can.</summary>
    public static string? FindProblem(string named, SecretStore secrets)
    {
        var path = SecretReference.PathOf(named);
        if (secrets.ReadOrLast(named, out var text) is { } problem)
        {
            return path is null || File.Exists(path) || Directory.Exists(path) ? problem : $"{problem.TrimEnd('.')}; mfn key create NAME --keys '{path}' makes one.";
        }

        if (path is not null && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
        {
            return $"must be a file that its owner alone can write, but others can write '{path}', and make themselves keys: chmod go-w '{path}'";
        }

        try
        {
            ApiKeyFile.Read(text);
            return null;
        }
        catch (InvalidDataException error)
        {
            return $"must be a file of API keys, but '{named}' {error.Message}";
        }
    }

    /// <summary>What authentication answers to a key.</summary>
    public AuthenticateResult Authenticate(ReadOnlySpan<char> key)
    {
        if (!ApiKeyText.TryGetId(key, out var id) || !_entries.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(id, out var entry) || !ApiKeyText.Matches(key, entry.Key.Hash.Span))
        {
            return Unknown;
        }

        if (entry.Key.Revoked is not null)
        {
            return CredentialRefusedException.Revoked.Of(entry.Credential.Identity);
        }

        var now = _clock.GetUtcNow();
        if (entry.Credential.IsExpired(now))
        {
            return CredentialRefusedException.Expired.Of(entry.Credential.Identity);
        }

        _usage?.Note(entry.Key.Id, now);
        return entry.Credential.Accepted;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _usage?.Save();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _sweep?.Dispose();
        _file?.Dispose();
    }

    private void Use(IReadOnlyList<ApiKey> keys)
    {
        var old = _entries;

        // The calls of a key that is what it was go on.
        _entries = keys.ToFrozenDictionary(
            key => key.Id, key => old.TryGetValue(key.Id, out var known) && known.MayBecome(key) ? new Entry(key, known.Credential) : new Entry(key));
        foreach (var (id, known) in old)
        {
            var now = _entries.GetValueOrDefault(id);
            if (now is null || now.Key.Revoked is not null || !now.Key.Hash.Span.SequenceEqual(known.Key.Hash.Span))
            {
                known.Credential.Finish(CredentialEnd.Revoked);
            }
            else if (now.Credential != known.Credential)
            {
                known.Credential.Finish(CredentialEnd.Changed, now.Credential.Identity);
            }
            else
            {
                known.Credential.ExpireAt(now.Key.Expires);
            }
        }

        Sweep();
        if (Changed is { } changed && ApiKeyChange.Between(old.Values.Select(entry => entry.Key), keys) is { Count: > 0 } changes)
        {
            changed(changes);
        }
    }

    private void Sweep()
    {
        var now = _clock.GetUtcNow();
        foreach (var entry in _entries.Values)
        {
            if (entry.Credential.IsExpired(now))
            {
                entry.Credential.Finish(CredentialEnd.Expired);
            }
        }

        _usage?.SaveIfDue(now);
    }

    private sealed record Entry(ApiKey Key, Credential Credential)
    {
        public Entry(ApiKey key)
            : this(key, new Credential(new CallerIdentity(key.Name, key.Tenant, key.Roles, CredentialKind.ApiKey, key.Id), key.Expires))
        {
        }

        /// <summary>Whether calls with the old key may go on when it has become another one: only its end has changed, and has not come yet.</summary>
        public bool MayBecome(ApiKey key) =>
            key.Revoked is null && Credential.End is null && key.Hash.Span.SequenceEqual(Key.Hash.Span)
            && (key.Name, key.Tenant, key.Roles) == (Key.Name, Key.Tenant, Key.Roles);
    }
}
