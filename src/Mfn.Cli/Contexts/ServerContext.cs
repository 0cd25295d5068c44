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

    /// <summary>What speaks against the first line of a file as a key, to be said behind the option that names the file; null if nothing does.</summary>
    public static string? FindKeyProblem(string path)
    {
        try
        {
            return Directory.Exists(path) ? $"must be a file, but '{path}' is a folder."
                : !File.Exists(path) ? $"must be an existing file, but there is no '{path}'."
                : File.ReadLines(path).FirstOrDefault()?.Trim() is { Length: > 0 } ? null : $"must have an API key or a token in its first line, but that of '{path}' is empty.";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"must be a file that can be read, but '{path}' cannot: {error.Message}";
        }
    }

    public override string ToString() => $"{Server} (key: {KeyPlace})";
}
