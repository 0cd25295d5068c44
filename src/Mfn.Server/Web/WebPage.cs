using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Mfn.Server.Web;

/// <summary>Something that everybody who asks gets as it is, with a tag by which clients know that theirs is still good.</summary>
internal sealed class WebPage(string contentType, byte[] content)
{
    // How what is compressed begins.
    private static readonly byte[] GZip = [0x1f, 0x8b];

    private readonly EntityTagHeaderValue _tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\"");

    /// <summary>Its bytes.</summary>
    public ReadOnlyMemory<byte> Content => content;

    /// <summary>Answers with it.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        var (request, response) = (context.Request.GetTypedHeaders(), context.Response);
        response.Headers.ETag = _tag.ToString();
        response.Headers.CacheControl = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        if (request.IfNoneMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(_tag, useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = contentType;
        response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(content, context.RequestAborted);
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
