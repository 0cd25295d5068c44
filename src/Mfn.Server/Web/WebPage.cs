using System.Collections.Concurrent;
using System.IO.Compression;
using System.Reflection;
using Microsoft.Net.Http.Headers;

namespace Mfn.Server.Web;

/// <summary>Something that everybody who asks gets as it is, with a tag by which clients know that theirs is still good.</summary>
internal sealed class WebPage(string contentType, byte[] content)
{
    // How what is compressed begins.
    private static readonly byte[] GZip = [0x1f, 0x8b];

    // By their encodings.
    private readonly ConcurrentDictionary<string, (ReadOnlyMemory<byte> Bytes, EntityTagHeaderValue Tag)> _forms = [];

    /// <summary>Its bytes.</summary>
    public ReadOnlyMemory<byte> Content => content;

    /// <summary>Answers with it.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        var (request, response) = (context.Request.Headers, context.Response);
        string? encoding = null;
        if (AnswerEncoding.IsWorthIt(contentType, content.Length))
        {
            response.Headers.AppendCommaSeparatedValues("Vary", "Accept-Encoding");
            encoding = AnswerEncoding.Choose(request.AcceptEncoding);
        }

        var (bytes, tag) = _forms.GetOrAdd(encoding ?? "", _ => (encoding is null ? content : AnswerEncoding.Encode(encoding, content), ContentTag.Of(content, encoding)));
        response.Headers.ETag = tag.ToString();
        response.Headers.CacheControl = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        if (ContentTag.Has(request.IfNoneMatch, tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.Headers.ContentEncoding = encoding;
        response.ContentType = contentType;
        response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    /// <summary>A resource of an assembly, as it was before it was compressed, if it is.</summary>
    public static byte[] ReadResource(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"There is no resource {name}.");
        using var content = new MemoryStream();
        stream.CopyTo(content);
        if (!content.GetBuffer().AsSpan(0, (int)content.Length).StartsWith(GZip))
        {
            return content.ToArray();
        }

        content.Position = 0;
        using var plain = new MemoryStream();
        using var expanding = new GZipStream(content, CompressionMode.Decompress);
        expanding.CopyTo(plain);
        return plain.ToArray();
    }
}
