using System.IO.Pipelines;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Server.Calls;

namespace Mfn.Server.Web;

/// <summary>A unary call by REST: its answer becomes JSON.</summary>
internal class RestCall(HttpContext context, HttpRule rule, IReadOnlyList<string> pathValues, RestServices services) : WebCall(context, rule, pathValues, services)
{
    // More than the longest text of a message of so many bytes takes while it is written.
    private const int JsonCopies = 4;

    private readonly Pipe _answer = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));

    public override PipeWriter Writer => _answer.Writer;

    /// <summary>Serves the request.</summary>
    public async Task ServeAsync(CallPipeline calls)
    {
        if (!await TryCallAsync(calls))
        {
            return;
        }

        await Writer.CompleteAsync();
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

        var read = await _answer.Reader.ReadAsync();
        using var memory = OpenAnswer();
        try
        {
            memory.Resize(JsonCopies * read.Buffer.Length);
        }
        catch (CallRefusedException refused)
        {
            await RefuseAsync(HttpStatus.Of(refused.StatusCode), refused.ToStatus());
            return;
        }

        await AnswerAsync(Rule.Method.OutputType.Parser.ParseFrom(read.Buffer.Slice(GrpcFrames.PrefixLength)));
    }

    /// <summary>Answers with what came out.</summary>
    protected virtual Task AnswerAsync(IMessage answer) => RestAnswer.WriteAsync(Context, StatusCodes.Status200OK, ContentTypes.Json, answer);
}
