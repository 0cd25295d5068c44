namespace Mfn.Server.Secrets;

/// <summary>A provider that the settings do not say how to reach.</summary>
/// <param name="scheme">What references to it begin with.</param>
/// <param name="problem">What the settings lack, to be said behind the name of a setting that refers to it.</param>
internal sealed class MissingSecrets(string scheme, string problem) : ISecretProvider
{
    public string Scheme => scheme;

    public bool IsRemote => false;

    public ValueTask<string> ReadAsync(string path, CancellationToken cancellationToken) => throw new SecretUnavailableException(problem);
}
