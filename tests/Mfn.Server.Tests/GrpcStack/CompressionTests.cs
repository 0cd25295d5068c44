using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public class CompressionTests
{
    // The header by which a caller asks grpc-dotnet's client to compress requests.
    private const string RequestEncoding = "grpc-internal-encoding-request";

    private static readonly EchoRequest Compressible = new() { Text = new string('x', 10_000) };

    [Fact]
    public async Task Response_GzipConfigured_IsGzipOnTheWire()
    {
        await using var server = await CompressingAsync("gzip");

        var answer = await RawCall.PostAsync(
            server.Address, "/mfn.test.v1.EchoService/Say", Compressible, ["grpc-accept-encoding", "identity,gzip"]);

        Assert.Equal("gzip", answer.Headers["grpc-encoding"]);
        Assert.True(answer.IsCompressed);
        using var gzip = new GZipStream(answer.OpenMessage(), CompressionMode.Decompress);
        Assert.Equal(Compressible.Text, EchoResponse.Parser.ParseFrom(gzip).Text);
    }

    [Fact]
    public async Task Response_DeflateConfigured_IsZlibOnTheWire()
    {
        await using var server = await CompressingAsync("deflate");

        var answer = await RawCall.PostAsync(
            server.Address, "/mfn.test.v1.EchoService/Say", Compressible, ["grpc-accept-encoding", "deflate"]);

        Assert.Equal("deflate", answer.Headers["grpc-encoding"]);
        Assert.True(answer.IsCompressed);
        using var zlib = new ZLibStream(answer.OpenMessage(), CompressionMode.Decompress);
        Assert.Equal(Compressible.Text, EchoResponse.Parser.ParseFrom(zlib).Text);
    }

    [Fact]
    public async Task Response_ClientThatAcceptsNone_IsNotCompressed()
    {
        await using var server = await CompressingAsync("gzip");

        var answer = await RawCall.PostAsync(server.Address, "/mfn.test.v1.EchoService/Say", Compressible);

        Assert.False(answer.IsCompressed);
        Assert.Equal(Compressible.Text, EchoResponse.Parser.ParseFrom(answer.OpenMessage()).Text);
    }

    [Fact]
    public async Task Response_WrittenWithNoCompress_IsNotCompressed()
    {
        await using var server = await CompressingAsync("gzip", (request, context) =>
        {
            context.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
            return Task.FromResult(new EchoResponse { Text = request.Text });
        });

        var answer = await RawCall.PostAsync(
            server.Address, "/mfn.test.v1.EchoService/Say", Compressible, ["grpc-accept-encoding", "gzip"]);

        Assert.False(answer.IsCompressed);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task BothWays_EncodingOfTheCall_IsNamedInBothDirectionsAndUndone(string encoding)
    {
        var requestEncoding = new TaskCompletionSource<string>();
        await using var server = await CompressingAsync(encoding, (request, context) =>
        {
            requestEncoding.SetResult(context.GetHttpContext().Request.Headers["grpc-encoding"].ToString());
            return Task.FromResult(new EchoResponse { Text = request.Text });
        });
        var recorder = new ResponseEncodingRecorder();
        var client = server.CreateClient(options =>
        {
            options.HttpHandler = recorder;
            options.CompressionProviders = Providers();
        });

        var response = await client.SayAsync(Compressible, new Metadata { { RequestEncoding, encoding } })
            .ResponseAsync.Within();

        Assert.Equal(Compressible.Text, response.Text);
        Assert.Equal(encoding, await requestEncoding.Task.Within());
        Assert.Equal(encoding, recorder.Encoding);
    }

    [Fact]
    public async Task Request_EncodingUnknownToTheServer_IsUnimplemented()
    {
        await using var server = await EchoServer.StartAsync(
            configure: options => options.CompressionProviders = [Providers()[0]]);
        var client = server.CreateClient(options => options.CompressionProviders = Providers());

        using var call = client.SayAsync(Compressible, new Metadata { { RequestEncoding, "deflate" } });
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public void Gzip_RoundTrip_IsDecodedByGZipStream()
    {
        var provider = new GzipCompressionProvider(CompressionLevel.Fastest);

        Assert.Equal("gzip", provider.EncodingName);
        AssertRoundTrip(provider, compressed => new GZipStream(compressed, CompressionMode.Decompress));
    }

    [Fact]
    public void Deflate_RoundTrip_IsDecodedByZLibStream()
    {
        var provider = new DeflateCompressionProvider(CompressionLevel.Fastest);

        Assert.Equal("deflate", provider.EncodingName);
        AssertRoundTrip(provider, compressed => new ZLibStream(compressed, CompressionMode.Decompress));
    }

    private static void AssertRoundTrip(ICompressionProvider provider, Func<Stream, Stream> decompress)
    {
        var original = Enumerable.Range(0, 5_000).Select(i => (byte)(i / 100)).ToArray();
        using var compressed = new MemoryStream();
        using (var compression = provider.CreateCompressionStream(compressed, CompressionLevel.Optimal))
        {
            compression.Write(original);
        }

        // Still open, as gRPC goes on with the stream beneath.
        Assert.InRange(compressed.Length, 1, original.Length / 2);
        Assert.Equal(original, ReadAll(compressed, decompress));
        Assert.Equal(original, ReadAll(compressed, provider.CreateDecompressionStream));
    }

    private static byte[] ReadAll(MemoryStream compressed, Func<Stream, Stream> decompress)
    {
        using var decompressed = new MemoryStream();
        using var decompression = decompress(new MemoryStream(compressed.ToArray()));
        decompression.CopyTo(decompressed);
        return decompressed.ToArray();
    }

    private static Task<EchoServer> CompressingAsync(
        string encoding,
        UnaryServerMethod<EchoRequest, EchoResponse>? onSay = null) => EchoServer.StartAsync(
            onSay is null ? new EchoHandlers() : new EchoHandlers { OnSay = onSay },
            options =>
            {
                options.CompressionProviders = Providers();
                options.ResponseCompressionAlgorithm = encoding;
                options.ResponseCompressionLevel = CompressionLevel.Fastest;
            });

    private static List<ICompressionProvider> Providers() =>
    [
        new GzipCompressionProvider(CompressionLevel.Fastest),
        new DeflateCompressionProvider(CompressionLevel.Fastest),
    ];

    private sealed class ResponseEncodingRecorder() : DelegatingHandler(new SocketsHttpHandler())
    {
        public string? Encoding { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            Encoding = response.Headers.GetValues("grpc-encoding").Single();
            return response;
        }
    }
}
