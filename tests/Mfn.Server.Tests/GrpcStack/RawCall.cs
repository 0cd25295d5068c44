using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>
/// A unary call by plain HTTP/2, for what the gRPC client hides: it neither compresses nor keeps deadlines of its own.
/// </summary>
internal static class RawCall
{
    // A flag for compression and the length of the message in four bytes.
    private const int PrefixLength = 5;

    /// <summary>The answer: one message with its prefix, if any, and headers and trailers together.</summary>
    internal sealed record Answer(byte[] Body, IReadOnlyDictionary<string, string> Headers)
    {
        public bool IsCompressed => Body[0] == 1;

        /// <summary>The message without its prefix, as it came.</summary>
        public Stream OpenMessage() => new MemoryStream(Body, PrefixLength, Body.Length - PrefixLength);
    }

    public static async Task<Answer> PostAsync(Uri server, string path, IMessage message, params string[][] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(message)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("te", "trailers");
        foreach (var header in headers)
        {
            request.Headers.Add(header[0], header[1]);
        }

        using var response = await client.SendAsync(request).Within();
        var body = await response.Content.ReadAsByteArrayAsync().Within();
        return new Answer(
            body,

            // A refusal that comes late has its correlation id in both.
            response.Headers.Concat(response.TrailingHeaders).GroupBy(h => h.Key, StringComparer.OrdinalIgnoreCase).ToDictionary(h => h.Key, h => string.Join(',', h.Last().Value)));
    }

    private static byte[] Frame(IMessage message)
    {
        var frame = new byte[PrefixLength + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - PrefixLength);
        message.WriteTo(frame.AsSpan(PrefixLength));
        return frame;
    }
}
