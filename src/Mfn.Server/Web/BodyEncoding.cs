using System.Buffers;
using System.IO.Compression;
using Mfn.Server.Calls;
using Mfn.Server.Memory;
using Mfn.Server.Texts;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Mfn.Server.Web;

/// <summary>How the body of a request may be encoded, and what comes out: no more than a message may have, however little was sent.</summary>
internal static class BodyEncoding
{
    private const string Identity = "identity";
    private const int ChunkBytes = 16 * 1024;

    // RFC 9659 has clients stay below it, and servers take as much.
    private const int ZstdWindowLog = 23;

    // Of the buffer, that which it grows from, and the message.
    private const int Copies = 3;

    private static readonly string[] Known = [AnswerEncoding.Gzip, AnswerEncoding.Zstd];

    /// <summary>What is wrong with how a body is encoded; null if nothing is. An answer that says so has what may be.</summary>
    /// <param name="context">The request.</param>
    /// <param name="mayBeEncoded">Whether it may be at all.</param>
    public static CallRefusedException? Check(HttpContext context, bool mayBeEncoded)
    {
        var given = context.Request.Headers.ContentEncoding.ToString();
        if (Of(given) is not { } encoding || (mayBeEncoded && Known.Contains(encoding)))
        {
            return null;
        }

        string[] allowed = mayBeEncoded ? [.. Known, Identity] : [Identity];
        context.Response.Headers.AcceptEncoding = string.Join(", ", allowed);
        return CallRefusedException.Unreadable($"Content-Encoding must be {string.Join(" or ", allowed)}, but was {CallersText.Quote(given)}.");
    }

    /// <summary>What a body was before it was encoded; null if it is longer than it may be.</summary>
    /// <param name="request">Says how it is encoded, in a way that has passed.</param>
    /// <param name="body">The body.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="memory">Holds the body, and all that it takes to expand it.</param>
    /// <exception cref="CallRefusedException">It is not encoded so, or is cut off; or there is not so much memory.</exception>
    public static ReadOnlySequence<byte>? Expand(HttpRequest request, ReadOnlySequence<byte> body, int limit, MemoryReservation memory)
    {
        var given = request.Headers.ContentEncoding;
        if (given.Count == 0 || Of(given.ToString()) is not { } encoding || body.IsEmpty)
        {
            return body;
        }

        var fixedBytes = (2 * body.Length) + (encoding == AnswerEncoding.Zstd ? 1 << ZstdWindowLog : 0);
        var expanded = new ArrayBufferWriter<byte>();
        try
        {
            memory.Resize(fixedBytes);
            using var stream = Open(encoding, body.ToArray());
            while (stream.Read(expanded.GetSpan(ChunkBytes)) is var count and > 0)
            {
                expanded.Advance(count);
                if (expanded.WrittenCount > limit)
                {
                    return null;
                }

                memory.Resize(fixedBytes + ((long)Copies * expanded.Capacity));
            }
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or ZstdException)
        {
            throw CallRefusedException.Unreadable($"The body is not whole and valid {encoding}.");
        }

        return new ReadOnlySequence<byte>(expanded.WrittenMemory);
    }

    private static string? Of(string given) => given.Trim().ToLowerInvariant() switch
    {
        "" or Identity => null,
        "x-gzip" => AnswerEncoding.Gzip,
        var other => other,
    };

    private static Stream Open(string encoding, byte[] body)
    {
        var source = new MemoryStream(body, writable: false);
        if (encoding == AnswerEncoding.Gzip)
        {
            return new GZipStream(source, CompressionMode.Decompress);
        }

        var stream = new DecompressionStream(source);
        stream.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, ZstdWindowLog);
        return stream;
    }
}
