using System.Collections;
using System.Collections.Concurrent;
using System.Text.Json;
using Mfn.Server.Texts;

namespace Mfn.Server.Secrets;

/// <summary>
/// What stands where settings name a file, or refer to a secret. What is on this machine is read each time; what is over a network is kept, and asked for again when it is time.
/// Thread-safe.
/// </summary>
/// <param name="providers">One for each scheme that can be read.</param>
/// <param name="times">How often, and for how long, those over a network are asked.</param>
/// <param name="clock">Tells when they are asked again.</param>
internal sealed class SecretStore(IReadOnlyList<ISecretProvider> providers, SecretTimes times, TimeProvider clock) : IDisposable
{
    /// <summary>What nobody has wanted for so long is not asked for any more.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(5);

    private const int ParallelReadings = 8;

    private readonly ConcurrentDictionary<string, string> _last = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Scheme, string Path), KeptSecret> _kept = [];

    /// <summary>One that reads files and environment variables alone.</summary>
    public static SecretStore OfThisMachine(IDictionary environment) =>
        new([new FileSecrets(environment), new EnvironmentSecrets(environment)], new SecretTimes(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10)), TimeProvider.System);

    /// <summary>What has happened so far.</summary>
    public SecretCounters Counters { get; } = new();

    /// <summary>Those providers whose access ends unless it is renewed.</summary>
    public IReadOnlyList<IRenewedAccess> Renewed => [.. providers.OfType<IRenewedAccess>()];

    /// <summary>What is now in the file that a setting names, or behind the reference in its place.</summary>
    /// <returns>Why that cannot be, to be said behind the name of the setting; null if it could.</returns>
    public string? Read(string named, out string text)
    {
        if (!SecretReference.IsReference(named))
        {
            return FileText.Read(named, out text);
        }

        text = "";
        if (SecretReference.Parse(named) is not { } reference)
        {
            return $"{SecretReference.Rule}, but was {CallersText.Quote(named)}.";
        }

        try
        {
            text = Select(reference, ReadAsync(reference).GetAwaiter().GetResult());
            _last[named] = text;
            return null;
        }
        catch (SecretUnavailableException error)
        {
            return error.Message;
        }
    }

    /// <summary>The same, or of a reference that cannot be read now what was last there.</summary>
    public string? ReadOrLast(string named, out string text)
    {
        var problem = Read(named, out text);
        if (problem is not null && _last.TryGetValue(named, out var last))
        {
            text = last;
            return null;
        }

        return problem;
    }

    /// <summary>Asks for all of some references at once, so that who reads one after the other then does not wait for each.</summary>
    public void Prepare(IEnumerable<string> references)
    {
        var places = references.Select(SecretReference.Parse).OfType<SecretReference>().DistinctBy(reference => (reference.Scheme, reference.Path)).ToArray();

        // Nobody is asked when there is nothing over a network. Of what fails each reader is told.
        Parallel.ForEachAsync(places, new ParallelOptions { MaxDegreeOfParallelism = ParallelReadings }, async (place, _) =>
        {
            try
            {
                await ReadAsync(place);
            }
            catch (SecretUnavailableException)
            {
            }
        }).GetAwaiter().GetResult();
    }

    /// <summary>Asks for what it is time to ask for again.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var old in _kept.Where(each => now - each.Value.Used > KeptFor))
        {
            _kept.TryRemove(old);
        }

        return Parallel.ForEachAsync(
            _kept.Values.Where(each => each.Due <= now),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelReadings, CancellationToken = cancellationToken },
            async (kept, token) => await kept.RefreshAsync(times, Counters, clock, token));
    }

    /// <summary>Renews the access to a provider.</summary>
    /// <exception cref="SecretUnavailableException">It cannot be renewed now.</exception>
    public async Task RenewAsync(IRenewedAccess access, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ended.CancelAfter(times.Timeout);
        try
        {
            await access.RenewAsync(ended.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SecretUnavailableException($"must be renewed, but that had no answer within {times.Timeout}.") { IsPassing = true };
        }
    }

    public void Dispose()
    {
        foreach (var provider in providers.OfType<IDisposable>())
        {
            provider.Dispose();
        }

        foreach (var kept in _kept.Values)
        {
            kept.Dispose();
        }
    }

    // Of this machine it is done at once, and of what is kept too; only the first reading of something over a network takes time, which is bounded.
    private Task<string> ReadAsync(SecretReference reference)
    {
        var provider = providers.FirstOrDefault(provider => provider.Scheme == reference.Scheme)
            ?? throw new SecretUnavailableException($"must be a value, file:PATH or env:NAME: the settings that say how to reach Vault and AWS cannot be in them.");
        return provider.IsRemote
            ? Task.Run(() => _kept.GetOrAdd((reference.Scheme, reference.Path), place => new KeptSecret(provider, place.Path)).GetAsync(times, Counters, clock, CancellationToken.None))
            : provider.ReadAsync(reference.Path, CancellationToken.None).AsTask();
    }

    private static string Select(SecretReference reference, string text)
    {
        if (reference.Field is not { } field)
        {
            return text;
        }

        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind != JsonValueKind.Object ? throw new SecretUnavailableException($"must be a field of a JSON object, but what {reference.Scheme}:{reference.Path} has is none.")
                : !json.RootElement.TryGetProperty(field, out var value) ? throw new SecretUnavailableException($"must be a field that there is, but {reference.Scheme}:{reference.Path} has no {field}.")
                : value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (JsonException)
        {
            throw new SecretUnavailableException($"must be a field of a JSON object, but what {reference.Scheme}:{reference.Path} has is none.");
        }
    }
}
