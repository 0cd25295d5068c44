using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Memory;
using Microsoft.AspNetCore.Http.Features;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web;

/// <summary>A call of which only the numbers are wanted: the field that it brings, the first one that a watch does, or an aggregate.</summary>
internal sealed class ArrayCall : WebCall, IHttpRequestLifetimeFeature
{
    // While an answer is made there are the message, its numbers, and their file.
    private const int Copies = 3;

    private readonly CancellationTokenSource _aborting;
    private readonly MemoryReservation _memory;
    private readonly string _contentType;
    private readonly ArrayBufferWriter<byte> _values = new();
    private CellArray? _array;

    public ArrayCall(HttpContext context, HttpRule rule, IReadOnlyList<string> pathValues, RestServices services, string contentType)
        : base(context, rule, pathValues, services)
    {
        _contentType = contentType;
        _memory = OpenAnswer();
        _aborting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        RequestAborted = _aborting.Token;
        Writer = new GrpcFrames(TakeAsync);
    }

    /// <summary>The client has gone, or there is all that it wants.</summary>
    public CancellationToken RequestAborted { get; set; }

    public override PipeWriter Writer { get; }

    public void Abort() => _aborting.Cancel();

    /// <summary>Serves the request.</summary>
    public async Task ServeAsync(CallPipeline calls)
    {
        using (_memory)
        using (_aborting)
        {
            var lifetime = Context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
            Context.Features.Set<IHttpRequestLifetimeFeature>(this);
            var isCalled = await TryCallAsync(calls);
            Context.Features.Set(lifetime);
            if (isCalled)
            {
                await EndAsync();
            }
        }
    }

    protected override IMessage ReadMessage(ReadOnlySequence<byte> body)
    {
        var message = base.ReadMessage(body);
        switch (message)
        {
            // Without an encoding there would be no field.
            case SimulateRequest { FieldEncoding: FieldEncoding.Unspecified } request:
                request.FieldEncoding = FieldEncoding.Float64;
                break;
            case WatchRunRequest { FieldEncoding: FieldEncoding.Unspecified } request:
                request.FieldEncoding = FieldEncoding.Float64;
                break;
        }

        return message;
    }

    private async Task EndAsync()
    {
        var status = TakeStatus();
        try
        {
            // What has one answer leaves this to the end of the call.
            await Writer.FlushAsync(CancellationToken.None);
        }
        catch (RpcException refused)
        {
            status = refused.GetRpcStatus()!;
        }

        if (Context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (_array is null && status.Code != (int)StatusCode.OK)
        {
            await RefuseAsync(status);
            return;
        }

        if (_array is null && _values.WrittenCount == 0)
        {
            await RefuseAsync(new RichStatus { Code = (int)StatusCode.OutOfRange, Message = "The watch ends before any field." });
            return;
        }

        var array = _array ?? new CellArray([_values.WrittenCount / sizeof(float)], sizeof(float), _values.WrittenMemory);
        await RestAnswer.WriteAsync(Context, StatusCodes.Status200OK, _contentType, array.As(_contentType));
    }

    private ValueTask<FlushResult> TakeAsync(IReadOnlyList<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
    {
        foreach (var bytes in messages.TakeWhile(_ => _array is null))
        {
            try
            {
                _memory.Resize(Copies * ((long)_values.WrittenCount + bytes.Length));
            }
            catch (CallRefusedException refused)
            {
                throw refused.ToRpcException();
            }

            Take(Rule.Method.OutputType.Parser.ParseFrom(bytes.Span));
        }

        return default;
    }

    private void Take(IMessage message)
    {
        switch (message)
        {
            case SimulateResponse answer:
                _array = CellArray.Of(answer.Field);
                break;
            case WatchRunResponse { Snapshot.Field: { } field } frame:
                _array = CellArray.Of(field);
                Context.Response.Headers["mfn-step"] = frame.Step.ToString(CultureInfo.InvariantCulture);
                Context.Response.Headers["mfn-revision"] = frame.Revision.ToString(CultureInfo.InvariantCulture);
                Abort();
                break;
            case AggregateResponse answer:
                _values.Write(answer.Values.Span);
                break;
            case AggregateStreamResponse { Chunk: { } chunk }:
                _values.Write(chunk.Values.Span);
                break;
        }
    }
}
