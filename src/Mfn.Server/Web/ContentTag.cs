using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Mfn.Server.Web;

/// <summary>Strong tags of content: equal bytes have equal ones, and others have others.</summary>
internal static class ContentTag
{
    private const int Bytes = 16;

    /// <summary>The tag.</summary>
    /// <param name="content">Before it is encoded.</param>
    /// <param name="encoding">How it goes out, which is another form of it; null if as it is.</param>
    public static EntityTagHeaderValue Of(ReadOnlySpan<byte> content, string? encoding)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(hash[..Bytes])}{(encoding is null ? "" : "-")}{encoding}\"");
    }

    /// <summary>Whether a client has the content, as <c>If-None-Match</c> says.</summary>
    public static bool Has(StringValues ifNoneMatch, EntityTagHeaderValue tag)
    {
        if (ifNoneMatch.Count == 0 || !EntityTagHeaderValue.TryParseList(ifNoneMatch, out var tags))
        {
            return false;
        }

        foreach (var each in tags)
        {
            if (each.Equals(EntityTagHeaderValue.Any) || each.Compare(tag, useStrongComparison: false))
            {
                return true;
            }
        }

        return false;
    }
}
