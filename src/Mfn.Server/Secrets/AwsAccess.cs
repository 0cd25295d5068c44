namespace Mfn.Server.Secrets;

/// <summary>How AWS Secrets Manager is reached.</summary>
internal sealed record AwsAccess
{
    /// <summary>The region; null for that of the environment.</summary>
    public string? Region { get; init; }

    /// <summary>Where it is; null for its usual address in the region.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The profile of the shared files; null for that of the environment.</summary>
    public string? Profile { get; init; }

    /// <summary>The shared file with that profile; null for that of the environment.</summary>
    public string? ProfilesFile { get; init; }
}
