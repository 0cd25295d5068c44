namespace Mfn.Server.Calls;

/// <summary>Counts every call by its method and how it ends: around everything else that happens to it.</summary>
internal sealed class CallCounting(RequestDelegate next, MethodMetrics methods, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var method = methods.Of(context.GetEndpoint());
        var start = clock.GetTimestamp();
        method.Begin();
        try
        {
            await next(context);
        }
        finally
        {
            method.End(CallStatus.NameOf(CallStatus.Of(context)), clock.GetElapsedTime(start));
        }
    }
}
