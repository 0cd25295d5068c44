using Google.Protobuf;
using Mfn.Contracts.V1;
using Kind = Mfn.Contracts.V1.WatchRunResponse.KindOneofCase;

namespace Mfn.Client.Runs;

/// <summary>
/// Turns the messages of a watched run into events: applies deltas to the frame before, and checks that nothing is missing, repeated or changed.
/// One decoder serves a stream and all that resume it; after it has thrown, none. Not thread-safe.
/// </summary>
public sealed class WatchDecoder
{
    private readonly bool _verifyChain;
    private readonly bool _beginsInMidstream;

    private ByteString? _chain;
    private WatchPosition? _last;
    private (long Step, long Revision)? _frame;
    private Field? _field;

    /// <summary>A decoder of the answers to a request.</summary>
    public WatchDecoder(WatchRunRequest request, bool verifyChain = true)
    {
        ArgumentNullException.ThrowIfNull(request);
        _verifyChain = verifyChain;
        _beginsInMidstream = request.StartCase == WatchRunRequest.StartOneofCase.ResumeToken;
        _chain = _beginsInMidstream ? null : WatchChain.Start;
    }

    /// <summary>Resumes after the last message; none before the first.</summary>
    public ByteString? Token => _last?.Token;

    /// <summary>The event of a message; none for heartbeats and for kinds that this client does not know.</summary>
    /// <exception cref="InvalidDataException">The message does not follow the one before, or is not what the contract says.</exception>
    public WatchEvent? Decode(WatchRunResponse message)
    {
        ArgumentNullException.ThrowIfNull(message);
        CheckOrder(message);
        CheckChain(message);
        var position = new WatchPosition(message.Epoch, message.Sequence, message.Step, message.Revision, message.Token);
        WatchEvent? result = message.KindCase switch
        {
            Kind.Snapshot => Frame(position, message.Snapshot.Field, message.Snapshot.Facts, isDelta: false),
            Kind.Delta => Frame(position, Apply(message.Delta), message.Delta.Facts, isDelta: true),
            Kind.CaughtUp => new CaughtUpEvent(position),
            Kind.FellBehind => new FellBehindEvent(
                position, message.FellBehind.EveryNSteps, message.FellBehind.Downsampling, message.FellBehind.FieldEncoding),
            Kind.Gap => new GapEvent(position, message.Gap.Reason, message.Gap.FirstAvailableStep, message.Gap.DroppedFrames),
            Kind.End => new EndEvent(position, message.End.Reason, message.End.Detail, message.End.Identity),
            _ => null,
        };
        (_chain, _last) = (message.Chain, position);
        return result;
    }

    private void CheckOrder(WatchRunResponse message)
    {
        if (_last is not { } last)
        {
            if (message.Sequence != 0 && !_beginsInMidstream)
            {
                throw new InvalidDataException($"The server began with message {message.Sequence} instead of 0.");
            }
        }
        else if (message.Epoch != last.Epoch)
        {
            throw new InvalidDataException($"The server went from epoch {last.Epoch} to {message.Epoch} within a stream.");
        }
        else if (message.Sequence != last.Sequence + 1)
        {
            throw new InvalidDataException($"The server sent message {message.Sequence} where {last.Sequence + 1} was due.");
        }
    }

    private void CheckChain(WatchRunResponse message)
    {
        // The hash of an unknown kind needs its number, which parsing does not keep.
        if (_verifyChain && _chain is not null && message.KindCase != Kind.None && WatchChain.Next(_chain, message) != message.Chain)
        {
            throw new InvalidDataException(
                $"The hash chain does not hold at message {message.Sequence} (step {message.Step}): a message was changed on its way, or is not the one that the server sent there.");
        }
    }

    private FrameEvent Frame(WatchPosition position, Field? field, FrameFacts? facts, bool isDelta)
    {
        var frame = (position.Step, position.Revision);
        if (_frame is { } previous && frame.CompareTo(previous) <= 0)
        {
            throw new InvalidDataException($"The server sent the frame of {Describe(frame)} after that of {Describe(previous)}.");
        }

        field?.CheckLength();
        (_frame, _field) = (frame, field);
        return new FrameEvent(position, field, facts ?? new FrameFacts(), isDelta);
    }

    private Field Apply(Delta delta)
    {
        var origin = (delta.BaseStep, delta.BaseRevision);
        return _field is not null && _frame == origin
            ? DeltaDecoder.Apply(_field, delta)
            : throw new InvalidDataException(
                $"The delta builds on the field of {Describe(origin)}, but the last one is {(_field is null ? "none" : $"that of {Describe(_frame!.Value)}")}.");
    }

    private static string Describe((long Step, long Revision) frame) => $"step {frame.Step}, revision {frame.Revision}";
}
