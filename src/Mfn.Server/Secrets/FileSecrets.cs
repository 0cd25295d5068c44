namespace Mfn.Server.Secrets;

/// <summary>Secrets in files: of Kubernetes, CSI drivers, Vault Agent, systemd.</summary>
/// <param name="environment">Environment variables.</param>
internal sealed class FileSecrets(System.Collections.IDictionary environment) : ISecretProvider
{
    private const string Credentials = "$CREDENTIALS_DIRECTORY/";

    public string Scheme => SecretReference.File;

    public bool IsRemote => false;

    public ValueTask<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        // Where systemd puts the credentials of a service is known to that service alone.
        if (path.StartsWith(Credentials, StringComparison.Ordinal))
        {
            path = Path.Combine(
                (string?)environment[Credentials[1..^1]] ?? throw new SecretUnavailableException($"must be a credential of systemd, but there is no {Credentials[..^1]}."), path[Credentials.Length..]);
        }

        return FileText.Read(path, out var text) is { } problem ? throw new SecretUnavailableException(problem) : ValueTask.FromResult(text);
    }
}
