namespace Mfn.Client;

/// <summary>A file whose first line is a token, which something else may replace at any time: it is read for each call.</summary>
internal sealed class TokenFile(string path)
{
    /// <summary>The token as it is.</summary>
    /// <exception cref="IOException">The file cannot be read, or its first line is empty.</exception>
    /// <exception cref="UnauthorizedAccessException">Not by this user.</exception>
    public async ValueTask<string> GetAsync(CancellationToken cancellationToken)
    {
        using var file = File.OpenText(path);
        return (await file.ReadLineAsync(cancellationToken))?.Trim() is { Length: > 0 } token
            ? token
            : throw new IOException($"The first line of '{path}' must be an API key or a token, but is empty.");
    }
}
