using System.Collections;
using System.Collections.Concurrent;
using System.Text.Json;

namespace Mfn.Server.Secrets;

/// <summary>What stands where settings name a file, or refer to a secret. Thread-safe.</summary>
/// <param name="providers">One for each scheme that can be read.</param>
internal sealed class SecretStore(IReadOnlyList<ISecretProvider> providers) : IDisposable
{
    private readonly ConcurrentDictionary<string, string> _last = new(StringComparer.Ordinal);

    /// <summary>One that reads files and environment variables alone.</summary>
    public static SecretStore OfThisMachine(IDictionary environment) => new([new FileSecrets(environment), new EnvironmentSecrets(environment)]);

    /// <summary>What has happened so far.</summary>
    public SecretCounters Counters { get; } = new();

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
            return $"{SecretReference.Rule}, but was {Texts.CallersText.Quote(named)}.";
        }

        try
        {
            text = Read(reference);
            _last[named] = text;
            return null;
        }
        catch (InvalidDataException error)
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

    public void Dispose()
    {
        foreach (var provider in providers.OfType<IDisposable>())
        {
            provider.Dispose();
        }
    }

    private string Read(SecretReference reference)
    {
        var provider = providers.FirstOrDefault(provider => provider.Scheme == reference.Scheme)
            ?? throw new InvalidDataException($"must be a reference to what this server has, but there is nothing for {reference.Scheme}: here.");
        return Select(reference, provider.ReadAsync(reference.Path, CancellationToken.None).AsTask().GetAwaiter().GetResult());
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
            return json.RootElement.ValueKind != JsonValueKind.Object ? throw new InvalidDataException($"must be a field of a JSON object, but what {reference.Scheme}:{reference.Path} has is none.")
                : !json.RootElement.TryGetProperty(field, out var value) ? throw new InvalidDataException($"must be a field that there is, but {reference.Scheme}:{reference.Path} has no {field}.")
                : value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (JsonException)
        {
            throw new InvalidDataException($"must be a field of a JSON object, but what {reference.Scheme}:{reference.Path} has is none.");
        }
    }
}
