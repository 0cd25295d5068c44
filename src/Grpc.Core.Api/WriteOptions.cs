namespace Grpc.Core;

/// <summary>How messages are written; immutable.</summary>
public class WriteOptions
{
    /// <summary>No flags.</summary>
    public static readonly WriteOptions Default = new();

    /// <summary>Makes options out of flags.</summary>
    public WriteOptions(WriteFlags flags = default) => Flags = flags;

    /// <summary>The flags of each message.</summary>
    public WriteFlags Flags { get; }
}
