using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Mfn.Server.Web;

/// <summary>Takes the messages out of the body of a gRPC answer, as far as each flush brings them.</summary>
/// <param name="takeAsync">Takes the messages of a flush; what is in them may be reused afterwards.</param>
internal sealed class GrpcFrames(Func<IReadOnlyList<ReadOnlyMemory<byte>>, CancellationToken, ValueTask<FlushResult>> takeAsync) : PipeWriter
{
    /// <summary>What is before each message: whether it is compressed, which it is not, and its length.</summary>
    public const int PrefixLength = 5;

    // What an idle watcher keeps.
    private const int MostKept = 16 * 1024;

    private readonly List<ReadOnlyMemory<byte>> _messages = [];
    private ArrayBufferWriter<byte> _buffer = new();

    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetSpan(sizeHint);

    public override void Advance(int bytes) => _buffer.Advance(bytes);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        // Messages are flushed whole.
        for (var rest = _buffer.WrittenMemory; rest.Length >= PrefixLength;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest.Span[1..]);
            _messages.Add(rest.Slice(PrefixLength, length));
            rest = rest[(PrefixLength + length)..];
        }

        var result = await takeAsync(_messages, cancellationToken);
        _messages.Clear();
        if (_buffer.Capacity > MostKept)
        {
            _buffer = new ArrayBufferWriter<byte>();
        }
        else
        {
            _buffer.ResetWrittenCount();
        }

        return result;
    }

    public override void CancelPendingFlush()
    {
        // Whoever waits for one does so with a token.
    }

    public override void Complete(Exception? exception = null)
    {
        // The answer ends after its status.
    }
}
