using System.Buffers.Binary;
using System.Security.Cryptography;
using Mfn.Contracts.V1;
using Mfn.Server.Frames;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>Makes the messages of one watcher: numbers and chains them, and tells where each resumes.</summary>
internal sealed class WatchMessages
{
    private static readonly byte[] HashOfNothing = SHA256.HashData([]);

    private readonly Run _run;
    private byte[] _chain;
    private long _sequence;
    private bool _hasFrame;
    private (FieldWindow Window, CellEncoding? Encoding)? _lastShape;

    /// <summary>The messages from the first one on, or those after a token.</summary>
    public WatchMessages(Run run, ResumeToken? after)
    {
        _run = run;
        _chain = after?.Chain.ToArray() ?? new byte[SHA256.HashSizeInBytes];
        _sequence = after?.Sequence + 1 ?? 0;
        _hasFrame = after?.HasFrame ?? false;
        Position = after?.Position ?? default;
    }

    /// <summary>Of the last frame; where the watcher is to begin before the first one.</summary>
    public RunPosition Position { get; private set; }

    /// <summary>Whether the stream has had a message.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the watcher has got the frame of a position, or a later one.</summary>
    public bool HasSent(RunPosition position) => _hasFrame && position <= Position;

    /// <summary>A frame: as a delta if it builds on the one before. Shares the frame's memory, so that it must be serialised before its release.</summary>
    public WatchRunResponse Frame(SharedFrame frame)
    {
        var shape = (frame.Facts.Window, frame.Field?.Encoding);
        var buildsOnLast = _hasFrame && _lastShape == shape && frame.Delta is { } found && new RunPosition(found.BaseStep, found.BaseRevision) == Position;
        Position = new RunPosition(frame.Step, frame.Revision);
        _hasFrame = true;
        _lastShape = shape;
        return buildsOnLast && frame.Delta is { } delta
            ? Seal(new WatchRunResponse { Delta = frame.ToDelta(delta) }, delta.Differences.Hash.Span)
            : Seal(new WatchRunResponse { Snapshot = frame.ToSnapshot() }, frame.FieldHash.Span);
    }

    /// <summary>The watcher is to begin, or to go on, with the state of a position that follows frames it will not get.</summary>
    public WatchRunResponse Gap(GapReason reason, RunPosition next, long droppedCount)
    {
        if (reason == GapReason.HistoryTrimmed)
        {
            Position = next;
            _hasFrame = false;
        }

        // What follows is a snapshot, whatever it could build on.
        _lastShape = null;
        return Seal(
            new WatchRunResponse { Gap = new Gap { Reason = reason, FirstAvailableStep = next.Step, DroppedFrames = droppedCount } }, HashOfNothing);
    }

    /// <summary>Any other message.</summary>
    public WatchRunResponse Other(WatchRunResponse message) => Seal(message, HashOfNothing);

    /// <summary>The watcher begins at a position that may have no frame for it.</summary>
    public void BeginAt(RunPosition position) => Position = position;

    private WatchRunResponse Seal(WatchRunResponse message, ReadOnlySpan<byte> payloadHash)
    {
        message.Epoch = _run.Epoch;
        message.Sequence = _sequence;
        message.Step = Position.Step;
        message.Revision = Position.Revision;
        _chain = Extend(message, payloadHash);
        message.Chain = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(_chain);
        var token = new ResumeToken(_run.Id, _run.Epoch, Position, _hasFrame, _sequence, _chain);
        message.Token = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(token.Seal(_run.TokenSecret.Span));
        _sequence++;
        HasBegun = true;
        return message;
    }

    private byte[] Extend(WatchRunResponse message, ReadOnlySpan<byte> payloadHash)
    {
        const int NumbersByteCount = (4 * sizeof(long)) + 1;
        Span<byte> link = stackalloc byte[SHA256.HashSizeInBytes + NumbersByteCount + SHA256.HashSizeInBytes];
        _chain.CopyTo(link);
        var numbers = link[SHA256.HashSizeInBytes..];
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, message.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], message.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[16..], message.Step);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[24..], message.Revision);
        numbers[32] = (byte)message.KindCase;
        payloadHash.CopyTo(numbers[NumbersByteCount..]);
        return SHA256.HashData(link);
    }
}
