using Google.Protobuf;
using Mfn.Core.Fields;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>The frames of a history, each of which comes in one message or in several.</summary>
internal sealed class HistoryUpload(LimitsOptions limits, MemoryReservation memory)
{
    private IncomingField? _frame;
    private (int RowCount, int ColumnCount)? _shape;

    /// <summary>How many frames have begun to come.</summary>
    public int FrameCount { get; private set; }

    /// <summary>Takes what a message brings; returns the frame that is complete with it.</summary>
    /// <exception cref="CallRefusedException">There is something wrong with the message.</exception>
    public Field? Take(Wire.Field? frame, ByteString? values)
    {
        var problems = new RequestProblems();
        if (frame is not null)
        {
            Begin(frame, problems);
        }
        else if (values is null)
        {
            problems.Add($"frame[{FrameCount}]", "must be set, in every message after the first");
        }
        else if (_frame is null)
        {
            problems.Add("values", "must follow a frame whose values are not complete");
        }
        else
        {
            Append(values, problems);
        }

        problems.ThrowIfAny();
        if (_frame is not { IsComplete: true })
        {
            return null;
        }

        var complete = _frame.Field;
        _frame = null;
        return complete;
    }

    /// <summary>The last complete frame is not needed any more.</summary>
    public void LetGo() => memory.Resize(0);

    /// <summary>At the end of the messages.</summary>
    /// <exception cref="CallRefusedException">There was no frame, or the last one is not complete.</exception>
    public void RequireComplete()
    {
        var problems = new RequestProblems();
        if (FrameCount == 0)
        {
            problems.Add("frame", "must be in at least one message");
        }

        RequireFrameComplete(problems);
        problems.ThrowIfAny();
    }

    private void Begin(Wire.Field wire, RequestProblems problems)
    {
        RequireFrameComplete(problems);
        var path = $"frame[{FrameCount}]";
        if (FrameCount == limits.MaxFrames)
        {
            problems.Add("frame", $"must be in at most {limits.MaxFrames} messages; send a longer history in parts, or every n-th frame of it");
        }

        problems.ThrowIfAny();
        _frame = IncomingField.Declare(wire, path, limits, problems, memory);
        problems.ThrowIfAny();
        _shape ??= (_frame!.RowCount, _frame.ColumnCount);
        if ((_frame!.RowCount, _frame.ColumnCount) != _shape)
        {
            problems.Add(path, $"must be {_shape.Value.RowCount} x {_shape.Value.ColumnCount} like the first frame, but was {_frame.RowCount} x {_frame.ColumnCount}");
        }

        problems.ThrowIfAny();
        FrameCount++;
        Append(wire.Values, problems);
    }

    private void Append(ByteString values, RequestProblems problems)
    {
        var had = _frame!.ReceivedByteCount;
        if (!_frame.Append(values.Span, problems).IsEmpty)
        {
            _frame.RefuseLength($"{(long)had + values.Length}", problems);
        }
    }

    private void RequireFrameComplete(RequestProblems problems)
    {
        if (_frame is not null)
        {
            _frame.RefuseLength($"{_frame.ReceivedByteCount}", problems);
        }
    }
}
