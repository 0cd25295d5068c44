using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Mfn.Server.Logging;
using Mfn.Server.Texts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Memory;

/// <summary>Counts what every call takes until its client has taken its answer, and aborts the call of a client that does not take it.</summary>
internal sealed partial class CallMemoryMiddleware(
    RequestDelegate next,
    MemoryAccount account,
    IOptionsMonitor<StreamingOptions> options,
    ServerLifetime lifetime,
    TimeProvider clock,
    RefusalLog log,
    ILogger<CallMemoryMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var holder = new MemoryHolder(MemoryHolder.Of(context));
        context.Features.Set(holder);
        using var memory = new CallMemory(account, holder, context.Request.BodyReader, new UploadPace(options.CurrentValue, clock));
        context.Features.Set(memory);
        context.Features.Set<IRequestBodyPipeFeature>(memory);
        context.Features.Set<IAnswerLimit>(memory);
        await next(context);
        if (memory.Refusal is { } refusal)
        {
            log.NoteRefused(context, refusal.StatusCode, refusal.Message);
        }

        if (memory.HoldsAnswer)
        {
            memory.EndRequest();
            await FlushAsync(context, memory.AnswerBytes);
        }
    }

    /// <summary>Waits until the client has taken the answer, but for a last part that Kestrel keeps.</summary>
    private async Task FlushAsync(HttpContext context, int byteCount)
    {
        var time = TimeFor(byteCount);
        try
        {
            var flushing = context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            if (!flushing.IsCompletedSuccessfully)
            {
                await flushing.AsTask().WaitAsync(time, clock, lifetime.Drained);
            }
        }
        catch (TimeoutException)
        {
            var method = CallersText.Show(context.Request.Path, CallersText.LongestQuote);
            LogAborted(method, byteCount, time);
            context.Abort();
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or the server has drained.
            context.Abort();
        }
    }

    /// <summary>How long a client may take to take so much.</summary>
    private TimeSpan TimeFor(int byteCount)
    {
        var atLeastRate = TimeSpan.FromSeconds((double)byteCount / options.CurrentValue.MinBytesPerSecond);
        return atLeastRate > options.CurrentValue.WriteTimeout ? atLeastRate : options.CurrentValue.WriteTimeout;
    }

    [LoggerMessage(EventId = 1005, EventName = "AnswerNotTaken", Level = LogLevel.Information, Message = "{Method} aborted: its client did not take the answer of {ByteCount} bytes within {Time}")]
    [LogMeaning("The client of a call read its answer too slowly, and the call was aborted to have its memory back: `Streaming:WriteTimeout` and `Streaming:MinBytesPerSecond` say how slow is too slow.")]
    private partial void LogAborted(string method, int byteCount, TimeSpan time);
}
