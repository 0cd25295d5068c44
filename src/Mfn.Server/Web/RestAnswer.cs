using System.Buffers;
using System.Globalization;
using Google.Protobuf;
using Google.Rpc;
using Mfn.Server.Calls;
using Mfn.Server.Web.Reference;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Web;

/// <summary>Answers with JSON.</summary>
internal static class RestAnswer
{
    /// <summary>Answers with a message.</summary>
    /// <param name="context">The request.</param>
    /// <param name="contentType">What it becomes.</param>
    /// <param name="message">The message.</param>
    /// <param name="isConditional">Whether it has a tag, and is left out for a client that has it.</param>
    public static Task WriteAsync(HttpContext context, string contentType, IMessage message, bool isConditional)
    {
        var json = new ArrayBufferWriter<byte>();
        JsonText.Write(message, json);
        return WriteAsync(context, StatusCodes.Status200OK, contentType, json.WrittenMemory, isConditional);
    }

    /// <summary>Answers with bytes, compressed if the client takes them so and they are many.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string contentType, ReadOnlyMemory<byte> bytes, bool isConditional = false)
    {
        var (request, response) = (context.Request.Headers, context.Response);
        var headers = response.Headers;
        response.StatusCode = status;

        // Whoever keeps it asks each time whether it is still good, and is asked each time who it is.
        headers.CacheControl = isConditional ? "private, no-cache" : "no-store";
        headers.XContentTypeOptions = "nosniff";
        string? encoding = null;
        if (AnswerEncoding.IsWorthIt(contentType, bytes.Length))
        {
            headers.AppendCommaSeparatedValues("Vary", "Accept-Encoding");
            encoding = AnswerEncoding.Choose(request.AcceptEncoding);
        }

        if (isConditional)
        {
            var tag = ContentTag.Of(bytes.Span, encoding);
            headers.ETag = tag.ToString();
            if (ContentTag.Has(request.IfNoneMatch, tag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        if (encoding is not null)
        {
            bytes = AnswerEncoding.Encode(encoding, bytes);
            headers.ContentEncoding = encoding;
        }

        response.ContentType = contentType;
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>Says why a request is refused that has not become a call: as the API that its path belongs to does.</summary>
    public static Task RefuseAsync(HttpContext context, int status, CallRefusedException refusal) => ReferenceApi.IsOfReference(context.Request.Path)
        ? RefuseAsync(context, status, refusal.ToStatus(), ReferenceCall.Detail(refusal.Message))
        : RefuseAsync(context, status, refusal.ToStatus());

    /// <summary>Says why a request is refused, as a <c>google.rpc.Status</c> with all its details.</summary>
    public static Task RefuseAsync(HttpContext context, int status, RichStatus refusal)
    {
        var json = new ArrayBufferWriter<byte>();
        JsonText.Write(refusal, json);
        return RefuseAsync(context, status, refusal, json.WrittenMemory);
    }

    /// <summary>Says why a request is refused, in the caller's words.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">Of HTTP.</param>
    /// <param name="refusal">Why.</param>
    /// <param name="json">The same as JSON.</param>
    public static Task RefuseAsync(HttpContext context, int status, RichStatus refusal, ReadOnlyMemory<byte> json)
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

        return WriteAsync(context, status, ContentTypes.Json, json);
    }
}
