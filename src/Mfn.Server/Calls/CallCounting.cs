namespace Mfn.Server.Calls;

/// <summary>Counts every call by its method and how it ends, and has it found in logs: around everything else that happens to it.</summary>
internal sealed class CallCounting(RequestDelegate next, MethodMetrics methods, CallLog log, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var method = methods.Of(context.GetEndpoint());
        var start = clock.GetTimestamp();
        log.Begin(context);
        method.Begin();
        try
        {
            await next(context);
        }
        finally
        {
            var (code, duration) = (CallStatus.Of(context), clock.GetElapsedTime(start));
            method.End(CallStatus.NameOf(code), duration);
            log.NoteEnded(context, code, duration);
        }
    }
}
