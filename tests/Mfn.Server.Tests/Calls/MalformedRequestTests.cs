using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Calls;

/// <summary>What clients do wrong below the contract is answered as theirs, and logged as theirs.</summary>
public sealed class MalformedRequestTests
{
    private const string Unary = "/mfn.v1.SimulationService/Simulate";
    private const string ServerStreaming = "/mfn.v1.SimulationService/StreamSimulation";
    private const string ClientStreaming = "/mfn.v1.RunService/CreateRunStream";
    private const string Duplex = "/mfn.v1.FeatureService/StreamFeatures";
    private const string OwnMessages = "/mfn.v1.AggregationService/AggregateStream";
    private const string Package = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

    // A message of every type: a field of 2000 bytes that no contract has, and so nothing that it lacks would show.
    private static readonly byte[] Whole = [0xC2, 0x3E, 0xD0, 0x0F, .. Enumerable.Repeat((byte)7, 2000)];

    private static readonly string[] Methods = [Unary, ServerStreaming, ClientStreaming, Duplex, OwnMessages, Package];

    /// <summary>A path, the body of a request, its grpc-encoding, and the status.</summary>
    public static TheoryData<string, string, string, StatusCode> Bodies
    {
        get
        {
            var data = new TheoryData<string, string, string, StatusCode>();
            var gzip = Convert.ToHexString(Gzip(Whole));
            var zlib = Convert.ToHexString(Zlib(Whole));
            foreach (var method in Methods)
            {
                foreach (var (body, encoding, status) in new[]
                {
                    ("0200000000", "", StatusCode.InvalidArgument),             // a flag that there is not
                    ("FF00000000", "", StatusCode.InvalidArgument),
                    ("00FFFFFFFF", "", StatusCode.InvalidArgument),             // a length that no message has
                    ("007FFFFFFF", "", StatusCode.ResourceExhausted),           // a length over the limit
                    ("0000000010ABCD", "", StatusCode.InvalidArgument),         // ends within the message
                    ("000000", "", StatusCode.InvalidArgument),                 // ends within the prefix
                    ("0000000003FFFFFF", "", StatusCode.InvalidArgument),       // no protobuf
                    ("0100000000", "", StatusCode.InvalidArgument),             // compressed, but not said how
                    ("0100000000", "identity", StatusCode.InvalidArgument),
                    ("0100000000", "snappy", StatusCode.Unimplemented),
                    ("0100000004DEADBEEF", "gzip", StatusCode.InvalidArgument), // no gzip
                    (Message(gzip[..^2]), "gzip", StatusCode.InvalidArgument),  // cut off in its trailer, in its data, in its header
                    (Message(gzip[..^16]), "gzip", StatusCode.InvalidArgument),
                    (Message(gzip[..^20]), "gzip", StatusCode.InvalidArgument),
                    (Message(gzip[..20]), "gzip", StatusCode.InvalidArgument),
                    (Message(gzip[..10]), "gzip", StatusCode.InvalidArgument),
                    (Message(zlib[..^2]), "deflate", StatusCode.InvalidArgument),
                    (Message(zlib[..^12]), "deflate", StatusCode.InvalidArgument),
                })
                {
                    data.Add(method, body, encoding, status);
                }
            }

            data.Add(Unary, "", "", StatusCode.InvalidArgument);                        // no message
            data.Add(ServerStreaming, "", "", StatusCode.InvalidArgument);
            data.Add(Unary, "00000000000000000000", "", StatusCode.Unimplemented);      // two of them
            data.Add(ServerStreaming, "00000000000000000000", "", StatusCode.Unimplemented);
            return data;

            static string Message(string gzip) => $"01{gzip.Length / 2:X8}{gzip}";
        }
    }

    [Theory, MemberData(nameof(Bodies))]
    public async Task Call_BodyThatIsNotOfGrpc_IsTheClientsFault(string path, string body, string encoding, StatusCode expected)
    {
        using var log = new ServerLog();
        await using var server = await log.StartServerAsync();

        var answer = await PostAsync(server.Address, path, Convert.FromHexString(body), encoding.Length > 0 ? [("grpc-encoding", encoding)] : []);

        Assert.Equal(expected, answer.Status);
        Assert.NotEmpty(answer.Message);
        Assert.Empty(log.Faults);
        Assert.Contains(log.Lines, line => line.Message == $"{path} refused with {expected}: {answer.Message}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("1")]
    [InlineData("S")]
    [InlineData("1X")]
    [InlineData("-1S")]
    [InlineData("1.5S")]
    [InlineData("1s")]
    [InlineData("123456789S")]
    [InlineData("99999999999999999999H")]
    public async Task Call_TimeoutThatIsNone_IsRefused(string timeout)
    {
        using var log = new ServerLog();
        await using var server = await log.StartServerAsync();

        var answer = await PostAsync(server.Address, Unary, new byte[5], [("grpc-timeout", timeout)]);

        Assert.Equal((StatusCode.InvalidArgument, $"grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n, but was '{timeout}'."), (answer.Status, answer.Message));
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData("99999999H")]
    [InlineData("99999999n")]
    [InlineData("00000060S")]
    [InlineData("1M")]
    [InlineData("60000m")]
    [InlineData("60000000u")]
    public async Task Call_TimeoutOfAnyUnit_IsKept(string timeout)
    {
        await using var server = await TestServer.StartAsync();

        var answer = await PostAsync(server.Address, "/grpc.health.v1.Health/Check", new byte[5], [("grpc-timeout", timeout)]);

        Assert.Equal(timeout == "99999999n" ? answer.Status : StatusCode.OK, answer.Status);
        Assert.True(answer.Status is StatusCode.OK or StatusCode.DeadlineExceeded);
    }

    [Fact]
    public async Task Call_OtherContentType_IsTheClientsFault()
    {
        using var log = new ServerLog();
        await using var server = await log.StartServerAsync();

        var answer = await PostAsync(server.Address, Unary, new byte[5], [], contentType: "text/plain");

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, StatusCode.InvalidArgument), (answer.Http, answer.Status));
        Assert.Empty(log.Faults);
    }

    [Theory]
    [InlineData("/mfn.v1.SimulationService/Absent")]
    [InlineData("/absent.Service/Method")]
    public async Task Call_MethodThatThereIsNot_IsLoggedAsItMayBe(string path)
    {
        using var log = new ServerLog();
        await using var server = await log.StartServerAsync();

        var answer = await PostAsync(server.Address, path + new string('x', 4000) + "%1b%0d", new byte[5], []);

        Assert.Equal(StatusCode.Unimplemented, answer.Status);
        var line = Assert.Single(log.Lines, line => line.Message.Contains("refused with Unimplemented", StringComparison.Ordinal));
        Assert.StartsWith(path, line.Message, StringComparison.Ordinal);
        Assert.InRange(line.Message.Length, 1, 256);
    }

    /// <summary>A reset is seen by the reader before the call's token: many, since it is a race.</summary>
    [Theory]
    [InlineData(Unary)]
    [InlineData(ClientStreaming)]
    [InlineData(Duplex)]
    [InlineData(OwnMessages)]
    [InlineData(Package)]
    public async Task Call_ResetInTheMiddleOfAMessage_IsLoggedAsInformation(string path)
    {
        using var log = new ServerLog();
        await using var server = await log.StartServerAsync();
        for (var i = 0; i < 100; i++)
        {
            await ResetAsync(server.Address, path);
        }

        using var grpc = server.Connect();
        Assert.NotNull(await new SimulationService.SimulationServiceClient(grpc).SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 1 } }));
        while (server.OpenCalls.Count > 0)
        {
            await Task.Yield();
        }

        Assert.Empty(log.Faults);
    }

    /// <summary>What is refused above when it is cut off is taken whole.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Call_CompressedMessage_IsRead(string encoding)
    {
        await using var server = await TestServer.StartAsync();
        var message = encoding == "gzip" ? Gzip(Whole) : Zlib(Whole);

        var answer = await PostAsync(
            server.Address, "/mfn.v1.FeatureService/DescribeFeatures", [1, 0, 0, 0, checked((byte)message.Length), .. message], [("grpc-encoding", encoding)]);

        Assert.Equal(StatusCode.OK, answer.Status);
    }

    private static byte[] Gzip(byte[] message) => Compress(message, output => new GZipStream(output, CompressionLevel.Optimal));

    private static byte[] Zlib(byte[] message) => Compress(message, output => new ZLibStream(output, CompressionLevel.Optimal));

    private static byte[] Compress(byte[] message, Func<Stream, Stream> compressor)
    {
        using var compressed = new MemoryStream();
        using (var stream = compressor(compressed))
        {
            stream.Write(message);
        }

        return compressed.ToArray();
    }

    private static async Task ResetAsync(Uri server, string path)
    {
        using var client = new HttpClient();
        using var reset = new CancellationTokenSource();
        using var content = new CutOffContent(reset);
        using var request = Request(server, path, content);
        try
        {
            // An answer before the reset is one too.
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, reset.Token).Within();
            await response.Content.ReadAsByteArrayAsync(reset.Token).Within();
        }
        catch (Exception error) when (error is OperationCanceledException or HttpRequestException or IOException)
        {
        }
    }

    private static async Task<(HttpStatusCode Http, StatusCode Status, string Message)> PostAsync(
        Uri server, string path, byte[] body, (string Name, string Value)[] headers, string contentType = "application/grpc")
    {
        using var client = new HttpClient();
        using var content = new ByteArrayContent(body);
        using var request = Request(server, path, content, contentType);
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await client.SendAsync(request).Within();
        await response.Content.ReadAsByteArrayAsync().Within();
        var all = response.Headers.Concat(response.TrailingHeaders).ToDictionary(header => header.Key, header => string.Join(',', header.Value));
        return (response.StatusCode, (StatusCode)int.Parse(all["grpc-status"], System.Globalization.CultureInfo.InvariantCulture), Uri.UnescapeDataString(all.GetValueOrDefault("grpc-message") ?? ""));
    }

    private static HttpRequestMessage Request(Uri server, string path, HttpContent content, string contentType = "application/grpc")
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        return new HttpRequestMessage(HttpMethod.Post, new Uri(server, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
    }

    /// <summary>Half a message, then a reset.</summary>
    private sealed class CutOffContent(CancellationTokenSource reset) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[] { 0, 0, 0, 0, 100, 10 });
            await stream.FlushAsync();
            await reset.CancelAsync();
            reset.Token.ThrowIfCancellationRequested();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
