using System.Text.Json.Serialization;

namespace Mfn.Cli.Contexts;

/// <summary>A server that has a name here, and what it takes to be let in. Paths are absolute.</summary>
internal sealed record ServerContext
{
    /// <summary>http:// or https://.</summary>
    [JsonPropertyName("server")]
    public required Uri Server { get; init; }

    /// <summary>PEM file with the authorities of the server's certificate.</summary>
    [JsonPropertyName("tls_ca")]
    public string? AuthorityFile { get; init; }

    /// <summary>PEM file with the client's certificate.</summary>
    [JsonPropertyName("tls_cert")]
    public string? CertificateFile { get; init; }

    /// <summary>PEM file with the key of the client's certificate.</summary>
    [JsonPropertyName("tls_key")]
    public string? CertificateKeyFile { get; init; }

    /// <summary>The API key itself.</summary>
    [JsonPropertyName("key")]
    public string? Key { get; init; }

    /// <summary>The file whose first line is the API key.</summary>
    [JsonPropertyName("key_file")]
    public string? KeyFile { get; init; }

    /// <summary>Says where the key is, never what it is.</summary>
    [JsonIgnore]
    public string KeyPlace => (Key, KeyFile) switch
    {
        (not null, _) => "stored",
        (_, not null) => KeyFile,
        _ => "none",
    };

    /// <summary>The API key; none if there is none.</summary>
    /// <exception cref="BadArgumentsException">The key's file cannot be read, or is empty.</exception>
    public string? ReadKey() => Key ?? (KeyFile is null ? null : KeyFrom(KeyFile));

    /// <summary>The first line of a file.</summary>
    /// <exception cref="BadArgumentsException">The file cannot be read, or its first line is empty.</exception>
    public static string KeyFrom(string path)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault()?.Trim() is { Length: > 0 } key
                ? key
                : throw new BadArgumentsException($"The first line of '{path}' must be an API key, but is empty.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException($"The API key cannot be read: {error.Message}");
        }
    }

    public override string ToString() => $"{Server} (key: {KeyPlace})";
}
