using System.Globalization;
using Grpc.Core;

namespace Mfn.Server.Calls;

/// <summary>
/// Tells a client what is wrong with a request message that never reached its handler: the gRPC library refuses one that is too large
/// without naming the limit, and blames the handler for one that cannot be parsed.
/// </summary>
internal sealed partial class RequestMessageMiddleware(RequestDelegate next, int limit, ILogger<RequestMessageMiddleware> logger)
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string TooLarge = "Received message exceeds the maximum configured message size.";

    // CallInterceptor leaves no exception to the library, so that only parsing can have thrown one.
    private const string Unparsable = "Exception was thrown by handler.";

    public async Task InvokeAsync(HttpContext context)
    {
        await next(context);

        // A call that was refused before its handler ran has no body yet, so that its status is still among the headers.
        if (context.Response.HasStarted)
        {
            return;
        }

        switch (context.Response.Headers[MessageHeader].ToString())
        {
            case TooLarge:
                Refuse(context, StatusCode.ResourceExhausted, string.Create(CultureInfo.InvariantCulture, $"The request message exceeds the server's limit of {limit} bytes."));
                break;
            case Unparsable:
                Refuse(context, StatusCode.InvalidArgument, CallRefusedException.UnparsableMessage);
                break;
        }
    }

    private void Refuse(HttpContext context, StatusCode statusCode, string message)
    {
        string method = context.Request.Path;
        LogRefused(method, statusCode, message);
        context.Response.Headers[StatusHeader] = ((int)statusCode).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[MessageHeader] = message;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} refused with {StatusCode}: {Reason}")]
    private partial void LogRefused(string method, StatusCode statusCode, string reason);
}
