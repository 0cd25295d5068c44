using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Memory;

namespace Mfn.Server.Web;

/// <summary>A call by REST that brings one answer: it becomes JSON.</summary>
internal class RestCall(HttpContext context, HttpRule rule, IReadOnlyList<string> pathValues, RestServices services) : WebCall(context, rule, pathValues, services)
{
    // More than the longest text of a message of so many bytes takes while it is written.
    private const int JsonCopies = 4;

    private readonly CallAnswer _answer = new();

    public override PipeWriter Writer => _answer;

    /// <summary>Serves the request.</summary>
    public async Task ServeAsync(CallPipeline calls)
    {
        if (!await TryCallAsync(calls))
        {
            return;
        }

        var status = TakeStatus();
        if (Context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (status.Code != (int)StatusCode.OK)
        {
            await RefuseAsync(status);
            return;
        }

        var frames = _answer.Written;
        using var memory = OpenAnswer();
        try
        {
            // What each call takes of itself has room for most.
            if (JsonCopies * (long)frames.Length > CallMemory.BytesPerCall)
            {
                memory.Resize(JsonCopies * (long)frames.Length);
            }
        }
        catch (CallRefusedException refused)
        {
            await RefuseAsync(HttpStatus.Of(refused.StatusCode), refused.ToStatus());
            return;
        }

        var answer = TakeAnswer(frames.Span);
        if (answer is SteerRunResponse { OutcomeCase: SteerRunResponse.OutcomeOneofCase.Refused } steered)
        {
            // Of a command a refusal, of the stream of commands an answer.
            await RefuseAsync(steered.Refused);
            return;
        }

        await AnswerAsync(answer);
    }

    /// <summary>Answers with what came out.</summary>
    protected virtual Task AnswerAsync(IMessage answer) => RestAnswer.WriteAsync(Context, ContentTypes.Json, answer, isConditional: Rule.Verb == HttpMethods.Get);

    /// <summary>The answer: the only message, or the last of a stream that has heartbeats before.</summary>
    private IMessage TakeAnswer(ReadOnlySpan<byte> frames)
    {
        while (true)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(frames[1..]);
            frames = frames[GrpcFrames.PrefixLength..];
            if (length == frames.Length)
            {
                return Rule.Method.OutputType.Parser.ParseFrom(frames);
            }

            frames = frames[length..];
        }
    }
}
