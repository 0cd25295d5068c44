using System.Diagnostics;
using System.Security.Cryptography;

namespace Mfn.Server.Frames;

/// <summary>A run in one of its states as the watchers of one format see it: made once, and freed when the last of them releases it. Immutable.</summary>
internal sealed class SharedFrame : SharedResource
{
    private static readonly byte[] HashOfNothing = SHA256.HashData([]);

    private readonly EncodedField? _field;
    private readonly SharedPayload? _snapshot;
    private readonly FrameDelta? _delta;

    /// <summary>Retains the payloads.</summary>
    public SharedFrame(int step, long revision, FrameFacts facts, EncodedField? field, SharedPayload? snapshot, FrameDelta? delta)
    {
        Step = step;
        Revision = revision;
        Facts = facts;
        _field = field;
        _snapshot = snapshot;
        _delta = delta;
        snapshot?.Retain();
        delta?.Differences.Retain();
    }

    /// <summary>When it was made, as <see cref="Stopwatch.GetTimestamp"/> tells it.</summary>
    public long Made { get; } = Stopwatch.GetTimestamp();

    /// <summary>Steps completed.</summary>
    public int Step { get; }

    /// <summary>The run's revision.</summary>
    public long Revision { get; }

    /// <summary>What it tells beside the field.</summary>
    public FrameFacts Facts { get; }

    /// <summary>The field, if it is wanted; valid as long as the frame is held.</summary>
    public EncodedField? Field
    {
        get
        {
            RequireHeld();
            return _field;
        }
    }

    /// <summary>SHA-256 of the field's bytes; that of no bytes if there is no field.</summary>
    public ReadOnlyMemory<byte> FieldHash
    {
        get
        {
            RequireHeld();
            return _snapshot?.Hash ?? HashOfNothing;
        }
    }

    /// <summary>What to send to a watcher whose last frame was the one that it builds on; null if the frame builds on none.</summary>
    public FrameDelta? Delta
    {
        get
        {
            RequireHeld();
            return _delta;
        }
    }

    /// <summary>The bytes of lent memory that it keeps from being returned.</summary>
    public int ByteCount => (_snapshot?.ByteCount ?? 0) + (_delta?.Differences.ByteCount ?? 0);

    protected override void Free()
    {
        _snapshot?.Release();
        _delta?.Differences.Release();
    }
}
