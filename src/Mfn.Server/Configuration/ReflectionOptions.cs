namespace Mfn.Server.Configuration;

/// <summary>Whether the server describes its contracts.</summary>
internal sealed class ReflectionOptions
{
    public const string Section = "Reflection";

    [Setting("whether the server describes its services to whoever may ask it (grpc.reflection.v1), as grpcurl does")]
    public bool Enabled { get; set; } = true;
}
