using System.IO.Compression;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using ZstdSharp;

namespace Mfn.Server.Web;

/// <summary>Compresses answers for those who take them so.</summary>
/// <remarks>
/// Answers have no secrets that somebody else could have mixed with text of his own and guessed by their lengths: keys and tokens are never in them, nobody's browser calls
/// by itself with what identifies its user, and pages of other origins get nothing to see.
/// </remarks>
internal static class AnswerEncoding
{
    public const string Gzip = "gzip";
    public const string Zstd = "zstd";

    // What fits into one packet anyhow is not worth it.
    private const int LeastBytes = 1024;

    // The fastest that is better than the levels of gzip.
    private const int ZstdLevel = 1;

    private static readonly string[] Offered = [Zstd, Gzip];

    /// <summary>Whether an answer of so many bytes may be encoded. Pictures are compressed already, and arrays of numbers become hardly smaller.</summary>
    public static bool IsWorthIt(string contentType, int byteCount) =>
        byteCount >= LeastBytes
        && (contentType.StartsWith(ContentTypes.Json, StringComparison.Ordinal) || contentType.StartsWith("text/", StringComparison.Ordinal));

    /// <summary>The encoding that a client likes best; null for none.</summary>
    public static string? Choose(StringValues accept)
    {
        if (accept.Count == 0 || !StringWithQualityHeaderValue.TryParseList(accept, out var list))
        {
            return null;
        }

        var best = Offered.Select(each => (Encoding: each, Quality: QualityOf(each, list))).MaxBy(each => each.Quality);
        return best.Quality > 0 && best.Quality >= IdentityQuality(list) ? best.Encoding : null;
    }

    /// <summary>Encodes bytes.</summary>
    public static ReadOnlyMemory<byte> Encode(string encoding, ReadOnlyMemory<byte> bytes)
    {
        if (encoding == Zstd)
        {
            using var compressor = new Compressor(ZstdLevel);
            return compressor.Wrap(bytes.Span).ToArray();
        }

        using var to = new MemoryStream();
        using (var stream = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(bytes.Span);
        }

        return to.GetBuffer().AsMemory(0, (int)to.Length);
    }

    private static double QualityOf(string encoding, IList<StringWithQualityHeaderValue> list) => Find(encoding, list) ?? Find("*", list) ?? 0;

    // Only who names it prefers it.
    private static double IdentityQuality(IList<StringWithQualityHeaderValue> list) => Find("identity", list) ?? 0;

    private static double? Find(string encoding, IList<StringWithQualityHeaderValue> list)
    {
        foreach (var each in list)
        {
            if (each.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) || (encoding == Gzip && each.Value.Equals("x-gzip", StringComparison.OrdinalIgnoreCase)))
            {
                return each.Quality ?? 1;
            }
        }

        return null;
    }
}
