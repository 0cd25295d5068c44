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

    private const int LeastRoom = 256;

    private readonly List<ReadOnlyMemory<byte>> _messages = [];
    private byte[] _buffer = [];
    private int _count;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        var needed = _count + Math.Max(sizeHint, LeastRoom);
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _buffer.Length));
            _buffer.AsSpan(0, _count).CopyTo(larger);
            Return();
            _buffer = larger;
        }

        return _buffer.AsMemory(_count);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => _count += bytes;

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        // Messages are flushed whole.
        for (var rest = (ReadOnlyMemory<byte>)_buffer.AsMemory(0, _count); rest.Length >= PrefixLength;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest.Span[1..]);
            _messages.Add(rest.Slice(PrefixLength, length));
            rest = rest[(PrefixLength + length)..];
        }

        var result = await takeAsync(_messages, cancellationToken);
        _messages.Clear();
        _count = 0;
        if (_buffer.Length > MostKept)
        {
            Return();
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

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
