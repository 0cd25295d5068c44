using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mfn.Server.Web;

/// <summary>
/// Serves calls of gRPC-Web, which the library has made calls of gRPC: to the rest of the server they are nothing else. With TLS calls of gRPC itself come here too.
/// </summary>
internal sealed class GrpcWeb(CallPipeline calls) : IHttpResetFeature
{
    /// <summary>What begins the content types of gRPC.</summary>
    public const string ContentType = "application/grpc";

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!HttpMethods.IsPost(request.Method) || !HttpProtocol.IsHttp2(request.Protocol) || request.ContentType?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) != true)
        {
            await next(context);
            return;
        }

        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            // A watcher may read slowly; the time-outs of writes tell the slow from the stuck.
            rate.MinDataRate = null;
        }

        if (context.Features.Get<IHttpResetFeature>() is null)
        {
            context.Features.Set<IHttpResetFeature>(this);
        }

        await calls.InvokeAsync(context);
    }

    public void Reset(int errorCode)
    {
        // So the library ends a call whose deadline has passed, which is answered all the same. Without this feature it would abort the connection.
    }
}
