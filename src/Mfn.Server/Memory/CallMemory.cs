using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Grpc.Core;
using Mfn.Server.Calls;
using Microsoft.AspNetCore.Http.Features;

namespace Mfn.Server.Memory;

/// <summary>What one call takes: the message that it is receiving or has received last, and its unary answer until the client has taken that.</summary>
/// <remarks>
/// It stands before the body of the request, since the library keeps the parts of a message there until it is complete.
/// </remarks>
/// <param name="account">Where it is counted.</param>
/// <param name="holder">Who the call takes from.</param>
/// <param name="body">The body of the request.</param>
/// <param name="pace">How fast an upload must come.</param>
internal sealed class CallMemory(MemoryAccount account, MemoryHolder holder, PipeReader body, UploadPace pace) : PipeReader, IRequestBodyPipeFeature, IAnswerLimit, IDisposable
{
    /// <summary>What a call takes of itself, with messages so small that three of them fit into it.</summary>
    public const int BytesPerCall = 16 * 1024;

    // As it came, parsed, and what a handler makes of it. Numbers in single precision become twice as large when the message is gone.
    private const int Copies = 3;

    private readonly MemoryReservation _request = account.Open(MemoryUse.Requests, holder);

    [SuppressMessage("Usage", "CA2213", Justification = "Whoever asked for it disposes it.")]
    private MemoryReservation? _upload;

    private MemoryReservation? _answer;
    private ReadOnlySequence<byte> _buffer;
    private long _unconsumedBytes;

    /// <summary>Why the call's request was not received; null if it was.</summary>
    public CallRefusedException? Refusal { get; private set; }

    /// <summary>The bytes of the unary answer.</summary>
    public int AnswerBytes { get; private set; }

    /// <summary>Whether it is so large that it is counted of itself.</summary>
    public bool HoldsAnswer => _answer is not null;

    /// <summary>Opens what bounds the call's uploads beside the account; null if nothing does.</summary>
    public Func<IBytesQuota>? OpenQuota { get; set; }

    PipeReader IRequestBodyPipeFeature.Reader => this;

    /// <summary>Whether the client has begun something that it must go on with.</summary>
    private bool IsUploading => _unconsumedBytes > 0 || _upload?.Bytes > 0;

    /// <summary>That of a call.</summary>
    public static CallMemory Of(ServerCallContext call) => call.GetHttpContext().Features.GetRequiredFeature<CallMemory>();

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        // The message before is not needed any more.
        Count(_unconsumedBytes);
        var reading = body.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? ValueTask.FromResult(Count(reading.Result))
            : IsUploading ? KeepUpAsync(reading.AsTask())
            : CountAsync(reading);
    }

    public override bool TryRead(out ReadResult result)
    {
        var hasRead = body.TryRead(out result);
        if (hasRead)
        {
            Count(result);
        }

        return hasRead;
    }

    public override void AdvanceTo(SequencePosition consumed)
    {
        Consume(consumed);
        body.AdvanceTo(consumed);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Consume(consumed);
        body.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => body.CancelPendingRead();

    public override void Complete(Exception? exception = null) => body.Complete(exception);

    /// <summary>
    /// Opens a reservation for what the call brings in several messages. While it holds anything, the client must go on: a call that falls behind the
    /// least rate is refused.
    /// </summary>
    public MemoryReservation OpenUpload(MemoryUse use) => _upload = account.Open(use, holder, OpenQuota?.Invoke());

    /// <summary>Opens a reservation that counts for the call's connection, and of rounds as an upload.</summary>
    public MemoryReservation Open(MemoryUse use) => account.Open(use, holder, use == MemoryUse.Rounds ? OpenQuota?.Invoke() : null);

    public void Admit(int byteCount)
    {
        AnswerBytes = byteCount;
        if (byteCount > BytesPerCall / 2)
        {
            _answer = account.Open(MemoryUse.Answers, holder);
            _answer.Resize(byteCount);
        }
    }

    /// <summary>The handler has returned, and needs its request no longer.</summary>
    public void EndRequest()
    {
        if (_request.Bytes > BytesPerCall)
        {
            _request.Resize(BytesPerCall);
        }
    }

    public void Dispose()
    {
        _request.Dispose();
        _answer?.Dispose();
    }

    private async ValueTask<ReadResult> KeepUpAsync(Task<ReadResult> reading)
    {
        if (!await pace.KeepsUpAsync(reading))
        {
            body.CancelPendingRead();
            body.AdvanceTo((await reading).Buffer.End);
            Refusal = pace.Refuse();
            throw Refusal.ToRpcException();
        }

        return Count(await reading);
    }

    private async ValueTask<ReadResult> CountAsync(ValueTask<ReadResult> reading) => Count(await reading);

    private ReadResult Count(ReadResult result)
    {
        _buffer = result.Buffer;
        pace.Receive(_buffer.Length - _unconsumedBytes);
        try
        {
            Count(_buffer.Length);
        }
        catch
        {
            body.AdvanceTo(_buffer.End);
            throw;
        }

        return result;
    }

    private void Count(long byteCount)
    {
        var needed = Math.Max(BytesPerCall, Copies * byteCount);
        if (needed == _request.Bytes)
        {
            return;
        }

        try
        {
            _request.Resize(needed);
        }
        catch (CallRefusedException refused)
        {
            Refusal = refused;
            throw refused.ToRpcException();
        }
    }

    private void Consume(SequencePosition consumed)
    {
        _unconsumedBytes = _buffer.Slice(consumed).Length;
        _buffer = default;
    }
}
