using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Mfn.Server.Web;

/// <summary>
/// The body of a gRPC call, made of a request of REST when it is asked for: not before it is known who calls, and that the call may be made.
/// </summary>
/// <param name="readAsync">Reads the request.</param>
internal sealed class RestRequestBody(Func<CancellationToken, Task<IMessage>> readAsync) : PipeReader
{
    private const int PrefixLength = 5;

    private ReadOnlySequence<byte>? _unread;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        _unread ??= Frame(await readAsync(cancellationToken));
        return new ReadResult(_unread.Value, isCanceled: false, isCompleted: true);
    }

    public override bool TryRead(out ReadResult result)
    {
        result = new ReadResult(_unread ?? default, isCanceled: false, isCompleted: true);
        return _unread is not null;
    }

    public override void AdvanceTo(SequencePosition consumed) => _unread = _unread!.Value.Slice(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

    public override void CancelPendingRead()
    {
        // Whoever has the request's own body reads it with a token.
    }

    public override void Complete(Exception? exception = null) => _unread = default(ReadOnlySequence<byte>);

    private static ReadOnlySequence<byte> Frame(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[PrefixLength + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(PrefixLength));
        return new ReadOnlySequence<byte>(frame);
    }
}
