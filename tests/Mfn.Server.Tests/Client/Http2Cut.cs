namespace Mfn.Server.Tests.Client;

/// <summary>Where a relay cuts a connection: at a frame of the server, counted from 0 among those of its type, before it or in its middle.</summary>
internal sealed record Http2Cut(byte FrameType, int Index, bool IsInside = false)
{
    public const byte Data = 0;
    public const byte Headers = 1;

    /// <summary>Before the first answer.</summary>
    public static Http2Cut BeforeAnswer { get; } = new(Headers, 0);
}
