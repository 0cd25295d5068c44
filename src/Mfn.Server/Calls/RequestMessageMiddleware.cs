using System.Globalization;
using System.Text.RegularExpressions;
using Grpc.Core;
using Mfn.Server.Texts;

namespace Mfn.Server.Calls;

/// <summary>
/// Tells a client what is wrong with a request that never reached its handler: one whose headers or whose first message the gRPC library cannot read. The
/// library calls most of this an internal error, and takes a time-out that it does not understand for none.
/// </summary>
internal sealed partial class RequestMessageMiddleware(RequestDelegate next, int limit, RefusalLog log)
{
    private const string GrpcContent = "application/grpc";
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string TimeoutHeader = "grpc-timeout";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Headers.TryGetValue(TimeoutHeader, out var timeout) && !TimeoutForm().IsMatch(timeout.ToString()))
        {
            context.Response.ContentType = GrpcContent;
            Refuse(context, CallRefusedException.Unreadable(
                $"grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n, but was {CallersText.Quote(timeout.ToString())}."));
            return;
        }

        await next(context);

        // A call that was refused before its handler ran has no body yet, so that its status is still among the headers.
        if (context.Response.HasStarted
            || !int.TryParse(context.Response.Headers[StatusHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            || status == (int)StatusCode.OK)
        {
            return;
        }

        var message = context.Response.Headers[MessageHeader].ToString();
        if (message == MessageFault.TooLarge)
        {
            Refuse(context, CallRefusedException.MessageTooLarge(limit));
        }
        else if (message != CallInterceptor.InternalError && MessageFault.Of((StatusCode)status, Uri.UnescapeDataString(message)) is { } fault)
        {
            Refuse(context, fault);
        }
        else if (context.GetEndpoint()?.DisplayName?.Contains("unimplemented", StringComparison.OrdinalIgnoreCase) == true)
        {
            log.NoteRefused(context, (StatusCode)status, message);
        }
    }

    private void Refuse(HttpContext context, CallRefusedException refusal)
    {
        log.NoteRefused(context, refusal.StatusCode, refusal.Message);
        context.Response.Headers[StatusHeader] = ((int)refusal.StatusCode).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[MessageHeader] = RefusalSize.PercentEncode(refusal.Message);
    }

    [GeneratedRegex(@"\A[0-9]{1,8}[HMSmun]\z", RegexOptions.CultureInvariant)]
    private static partial Regex TimeoutForm();
}
