using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Mfn.Server.Tests.Memory;

/// <summary>A call by plain HTTP/2 whose client sends only so much of its messages, and takes nothing of the answer until it is asked to.</summary>
internal sealed class SilentCall : IDisposable
{
    private readonly HttpClient _client;
    private readonly HttpRequestMessage _request;
    private readonly CancellationTokenSource _end = new();

    private SilentCall(HttpClient client, HttpRequestMessage request)
    {
        (_client, _request) = (client, request);
        Response = client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _end.Token);
    }

    /// <summary>The answer once its headers have come.</summary>
    public Task<HttpResponseMessage> Response { get; }

    /// <summary>Sends whole messages, and ends the request unless it is to stay open.</summary>
    public static SilentCall Send(TestServer server, string path, bool staysOpen, params IMessage[] messages) =>
        Send(server, path, staysOpen, [.. messages.SelectMany(Frame)]);

    /// <summary>Sends the bytes of messages.</summary>
    public static SilentCall Send(TestServer server, string path, bool staysOpen, byte[] bytes)
    {
        var client = new HttpClient(new SocketsHttpHandler { InitialHttp2StreamWindowSize = 65535 }) { Timeout = Timeout.InfiniteTimeSpan };
        return new SilentCall(client, new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Body(bytes, staysOpen),
            Headers = { { "te", "trailers" } },
        });
    }

    /// <summary>A message as it is on the wire.</summary>
    public static byte[] Frame(IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }

    /// <summary>The status and its text, wherever they came.</summary>
    public async Task<(string Status, string Message)> ReadStatusAsync()
    {
        var response = await Response;
        await response.Content.CopyToAsync(Stream.Null);
        var headers = response.Headers.Concat(response.TrailingHeaders).ToDictionary(header => header.Key, header => header.Value.Single());
        return (headers["grpc-status"], Uri.UnescapeDataString(headers.GetValueOrDefault("grpc-message", "")));
    }

    /// <summary>Goes away without a word.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _request.Dispose();
        _client.Dispose();
        _end.Dispose();
    }

    private sealed class Body : HttpContent
    {
        private readonly byte[] _bytes;
        private readonly bool _staysOpen;

        public Body(byte[] bytes, bool staysOpen)
        {
            (_bytes, _staysOpen) = (bytes, staysOpen);
            Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(_bytes, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            if (_staysOpen)
            {
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
