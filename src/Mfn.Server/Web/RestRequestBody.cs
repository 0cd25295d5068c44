using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Mfn.Server.Web;

/// <summary>
/// The body of a gRPC call, made of a request of REST when it is asked for: not before it is known who calls, and that the call may be made.
/// </summary>
/// <param name="readAsync">Reads the next message; null when there is none.</param>
/// <param name="isOne">Whether the first message is all.</param>
internal sealed class RestRequestBody(Func<CancellationToken, ValueTask<IMessage?>> readAsync, bool isOne) : PipeReader
{
    private ReadOnlySequence<byte> _unread;
    private bool _isAll;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_unread.IsEmpty && !_isAll)
        {
            var message = await readAsync(cancellationToken);
            _isAll = isOne || message is null;
            _unread = message is null ? default : Frame(message);
        }

        return new ReadResult(_unread, isCanceled: false, _isAll);
    }

    public override bool TryRead(out ReadResult result)
    {
        result = new ReadResult(_unread, isCanceled: false, _isAll);
        return _isAll || !_unread.IsEmpty;
    }

    public override void AdvanceTo(SequencePosition consumed) => _unread = _unread.Slice(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

    public override void CancelPendingRead()
    {
        // Whoever has the request's own body reads it with a token.
    }

    public override void Complete(Exception? exception = null)
    {
        _unread = default;
        _isAll = true;
    }

    private static ReadOnlySequence<byte> Frame(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[GrpcFrames.PrefixLength + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(GrpcFrames.PrefixLength));
        return new ReadOnlySequence<byte>(frame);
    }
}
