namespace Mfn.Server.Secrets;

/// <summary>A provider cannot give a secret.</summary>
/// <param name="message">Why, to be said behind the name of the setting; there is nothing of a secret in it.</param>
internal sealed class SecretUnavailableException(string message) : Exception(message)
{
    /// <summary>Whether the same may succeed a moment later.</summary>
    public bool IsPassing { get; init; }

    /// <summary>How long the provider asks not to be asked again; null if it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
