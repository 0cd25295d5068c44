namespace Mfn.Server.Secrets;

/// <summary>A place that secrets are kept in.</summary>
internal interface ISecretProvider
{
    /// <summary>What references to it begin with, before the colon.</summary>
    string Scheme { get; }

    /// <summary>Whether it is over a network: what it has is then asked for now and then and kept, and else read at every look.</summary>
    bool IsRemote { get; }

    /// <summary>What is there now, whole.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="SecretUnavailableException">It cannot be had.</exception>
    ValueTask<string> ReadAsync(string path, CancellationToken cancellationToken);
}
