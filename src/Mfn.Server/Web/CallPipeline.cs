using Microsoft.AspNetCore.Http.Features;

namespace Mfn.Server.Web;

/// <summary>What happens to every call, for those that come another way than by the listeners of gRPC: the very same.</summary>
internal sealed class CallPipeline(IServiceScopeFactory scopes)
{
    private RequestDelegate? _pipeline;

    /// <summary>Serves a request that has been made to look like a call of gRPC.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        // Its own are those of another listener.
        await using var services = new RequestServicesFeature(context, scopes);
        context.Features.Set<IServiceProvidersFeature>(services);
        await _pipeline!(context);
    }

    /// <summary>Takes what follows in the server's pipeline.</summary>
    public RequestDelegate Take(RequestDelegate next) => _pipeline = next;
}
