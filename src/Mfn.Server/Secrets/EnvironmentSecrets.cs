namespace Mfn.Server.Secrets;

/// <summary>Secrets in environment variables.</summary>
/// <param name="environment">Environment variables.</param>
internal sealed class EnvironmentSecrets(System.Collections.IDictionary environment) : ISecretProvider
{
    public string Scheme => SecretReference.Environment;

    public bool IsRemote => false;

    public ValueTask<string> ReadAsync(string path, CancellationToken cancellationToken) =>
        ValueTask.FromResult((string?)environment[path] ?? throw new SecretUnavailableException($"must be an environment variable that is set, but there is no {path}."));
}
