using System.Globalization;
using Grpc.Core;

namespace Mfn.Server.Calls;

/// <summary>Adds the limit to the status of a request message that was too large, which the gRPC library refuses without naming it.</summary>
internal sealed class MessageSizeMiddleware(RequestDelegate next, int limit)
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string TooLarge = "Received message exceeds the maximum configured message size.";

    public async Task InvokeAsync(HttpContext context)
    {
        await next(context);

        // A call that was refused before its handler ran has no body yet, so that its status is still among the headers.
        var headers = context.Response.Headers;
        if (!context.Response.HasStarted
            && headers[StatusHeader] == ((int)StatusCode.ResourceExhausted).ToString(CultureInfo.InvariantCulture)
            && headers[MessageHeader] == TooLarge)
        {
            headers[MessageHeader] = string.Create(CultureInfo.InvariantCulture, $"The request message exceeds the server's limit of {limit} bytes.");
        }
    }
}
