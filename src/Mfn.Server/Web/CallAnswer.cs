using System.Buffers;
using System.IO.Pipelines;

namespace Mfn.Server.Web;

/// <summary>Keeps the answer of a unary call: at its end it is known whether it is one.</summary>
internal sealed class CallAnswer : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>What has been written.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetSpan(sizeHint);

    public override void Advance(int bytes) => _buffer.Advance(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

    public override void CancelPendingFlush()
    {
        // None is ever pending.
    }

    public override void Complete(Exception? exception = null)
    {
        // What it has is taken after the call.
    }
}
