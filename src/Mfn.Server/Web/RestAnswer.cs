using System.Buffers;
using System.Globalization;
using Google.Protobuf;
using Google.Rpc;
using Mfn.Server.Calls;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web;

/// <summary>Answers with JSON.</summary>
internal static class RestAnswer
{
    /// <summary>Answers with a message.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string contentType, IMessage message)
    {
        var json = new ArrayBufferWriter<byte>();
        JsonText.Write(message, json);
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = json.WrittenCount;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        await response.Body.WriteAsync(json.WrittenMemory, context.RequestAborted);
    }

    /// <summary>Says why a request is refused, as a <c>google.rpc.Status</c> with all its details.</summary>
    public static Task RefuseAsync(HttpContext context, int status, CallRefusedException refusal) => RefuseAsync(context, status, refusal.ToStatus());

    /// <inheritdoc cref="RefuseAsync(HttpContext, int, CallRefusedException)"/>
    public static Task RefuseAsync(HttpContext context, int status, RichStatus refusal)
    {
        var headers = context.Response.Headers;
        if (status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = "Bearer";
        }

        if (refusal.Details.FirstOrDefault(detail => detail.Is(RetryInfo.Descriptor))?.Unpack<RetryInfo>() is { RetryDelay: { } delay })
        {
            // Whole seconds are all that it can say.
            headers.RetryAfter = Math.Ceiling(delay.ToTimeSpan().TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        return WriteAsync(context, status, "application/json", refusal);
    }
}
