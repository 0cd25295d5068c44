using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Web;

/// <summary>How bodies go to and fro: compressed or not, at all or not again, how fast, and what is left of quotas.</summary>
public sealed partial class RestTransferTests
{
    private const string AnyPort = "Web:Url=http://127.0.0.1:0";
    private const string Features = "/v1/features";
    private const string Nernst = "/v1/membrane:computeNernstPotential";
    private const string Ion = """{"valence": 1, "outside_molar": 0.005, "inside_molar": 0.14}""";

    [Theory]
    [InlineData(null, null)]
    [InlineData("gzip", "gzip")]
    [InlineData("zstd", "zstd")]
    [InlineData("gzip, deflate, br, zstd", "zstd")]
    [InlineData("gzip;q=1, zstd;q=0.5", "gzip")]
    [InlineData("*", "zstd")]
    [InlineData("*, zstd;q=0", "gzip")]
    [InlineData("br", null)]
    [InlineData("identity, gzip;q=0.5", null)]
    [InlineData("gzip;q=0, zstd;q=0", null)]
    [InlineData("gzip;q=much", null)]
    public async Task Get_AcceptEncoding_IsWhatComes(string? accepted, string? encoding)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var http = new HttpClient { BaseAddress = new Uri(server.WebUrl!) };
        var plain = await http.GetByteArrayAsync(new Uri(Features, UriKind.Relative));

        var (response, bytes) = await GetAsync(http, Features, ("Accept-Encoding", accepted));
        var (small, _) = await SendAsync(http, HttpMethod.Post, Nernst, Encoding.UTF8.GetBytes(Ion), ("Accept-Encoding", accepted));

        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal(bytes.Length, response.Content.Headers.ContentLength);
        Assert.Equal(["Origin", "Accept-Encoding"], response.Headers.Vary);
        Assert.Equal(plain, Decode(encoding, bytes));
        Assert.True(encoding is null || bytes.Length < plain.Length / 2);
        Assert.Empty(small.Content.Headers.ContentEncoding);
    }

    [Theory]
    [InlineData("gzip", "whole", 200)]
    [InlineData("zstd", "whole", 200)]
    [InlineData("X-GZip", "whole", 200)]
    [InlineData("identity", "whole", 200)]
    [InlineData("gzip", "half", 400)]
    [InlineData("zstd", "half", 400)]
    [InlineData("gzip", "plain", 400)]
    [InlineData("zstd", "plain", 400)]
    [InlineData("gzip", "bomb", 413)]
    [InlineData("zstd", "bomb", 413)]
    [InlineData("zstd", "window", 400)]
    [InlineData("br", "plain", 415)]
    [InlineData("gzip, gzip", "whole", 415)]
    public async Task Post_ContentEncoding_IsTakenOrRefused(string encoding, string body, int status)
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Limits:MaxRequestBytes=65536");
        using var http = new HttpClient { BaseAddress = new Uri(server.WebUrl!) };
        var name = encoding.ToLowerInvariant() is "x-gzip" or "gzip, gzip" ? "gzip" : encoding;
        var bytes = Encoding.UTF8.GetBytes(Ion);
        bytes = body switch
        {
            "plain" => bytes,
            "half" => Encode(name, bytes)[..^9],
            "bomb" => Encode(name, [.. bytes, .. Enumerable.Repeat((byte)' ', 20_000_000)]),
            "window" => Encode(name, bytes, windowLog: 24),
            _ => name == "identity" ? bytes : Encode(name, bytes),
        };
        Assert.True(bytes.Length < 65536);

        foreach (var path in new[] { Nernst, "/nernst" })
        {
            var (response, answer) = await SendAsync(http, HttpMethod.Post, path, bytes, ("Content-Encoding", encoding));

            // The reference's members are others.
            Assert.Equal(status == 200 && path == "/nernst" ? 422 : status, (int)response.StatusCode);
            Assert.Equal(status == 415 ? "gzip, zstd, identity" : "", string.Join(", ", response.Headers.TryGetValues("Accept-Encoding", out var values) ? values : []));
            Assert.True(status != 200 || path != Nernst || JsonDocument.Parse(answer).RootElement.GetProperty("potential_millivolts").GetDouble() < -89);
        }

        // Nothing is held of it afterwards.
        await Patience.UntilAsync(() => server.Memory.TakenFor(Mfn.Server.Memory.MemoryUse.Requests) == 0);
    }

    [Fact]
    public async Task Get_IfNoneMatch_IsNotSentAgain()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var http = new HttpClient { BaseAddress = new Uri(server.WebUrl!) };
        var (first, _) = await GetAsync(http, Features);
        var (zipped, _) = await GetAsync(http, Features, ("Accept-Encoding", "gzip"));
        var tag = first.Headers.ETag!.ToString();

        Assert.False(first.Headers.ETag.IsWeak);
        Assert.NotEqual(tag, zipped.Headers.ETag!.ToString());
        foreach (var (given, isSame) in new[] { (tag, true), ($"W/{tag}", true), ($"\"other\", {tag}", true), ("*", true), ("\"other\"", false), ("nothing", false), (zipped.Headers.ETag.ToString(), false) })
        {
            var (again, bytes) = await GetAsync(http, Features, ("If-None-Match", given));
            Assert.Equal(isSame ? HttpStatusCode.NotModified : HttpStatusCode.OK, again.StatusCode);
            Assert.Equal(isSame, bytes.Length == 0);
            Assert.Equal(tag, again.Headers.ETag!.ToString());
            Assert.Equal("no-cache, private", string.Join(", ", again.Headers.CacheControl!.ToString().Split(", ").Order(StringComparer.Ordinal)));
        }

        var (head, _) = await SendAsync(http, HttpMethod.Head, Features, null);
        var (post, _) = await SendAsync(http, HttpMethod.Post, Nernst, Encoding.UTF8.GetBytes(Ion));
        var (none, _) = await GetAsync(http, "/v1/runs/none");
        Assert.Equal(tag, head.Headers.ETag!.ToString());
        Assert.Equal((null, null), (post.Headers.ETag, none.Headers.ETag));
        Assert.True(post.Headers.CacheControl!.NoStore);
    }

    /// <summary>The tag is the content's: what has changed is sent, and what is not there any more is not.</summary>
    [Fact]
    public async Task Get_RunThatHasChanged_IsSentAgain()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var http = new HttpClient { BaseAddress = new Uri(server.WebUrl!) };
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run.RunId;
        var (first, _) = await GetAsync(http, $"/v1/runs/{run}");
        var (same, _) = await GetAsync(http, $"/v1/runs/{run}", ("If-None-Match", first.Headers.ETag!.ToString()));

        using (var steering = server.Runs.SteerRun())
        {
            await steering.RequestStream.WriteAsync(new SteerRunRequest { RunId = run, Command = new RunCommand { CommandId = "1", TakeSteps = new TakeSteps { Steps = 1 } } });
            await Patience.UntilAsync(async () => (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run })).Run.Step == 1);
            await steering.RequestStream.CompleteAsync();
        }

        var (changed, _) = await GetAsync(http, $"/v1/runs/{run}", ("If-None-Match", first.Headers.ETag!.ToString()));
        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run });
        var (gone, _) = await GetAsync(http, $"/v1/runs/{run}", ("If-None-Match", changed.Headers.ETag!.ToString()));

        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.NotModified, HttpStatusCode.OK, HttpStatusCode.NotFound],
            new[] { first, same, changed, gone }.Select(response => response.StatusCode));
    }

    [Fact]
    public async Task Call_WithQuotas_IsToldWhatIsLeft()
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Auth:Quotas:Identity:CellStepsPerSecond=1000000", "Auth:Quotas:Identity:BurstTime=00:01:00", "Auth:Quotas:Tenant:CellStepsPerSecond=100000000");
        using var http = new HttpClient { BaseAddress = new Uri(server.WebUrl!) };
        var simulation = Encoding.UTF8.GetBytes("""{"spec": {"grid_size": 256, "steps": 400}}""");
        var tooMuch = Encoding.UTF8.GetBytes("""{"spec": {"grid_size": 1024, "steps": 100}}""");

        var (first, _) = await SendAsync(http, HttpMethod.Post, "/v1/simulations:simulate", simulation);
        var (second, _) = await SendAsync(http, HttpMethod.Post, "/v1/simulations:simulate", simulation);
        var (third, _) = await SendAsync(http, HttpMethod.Post, "/v1/simulations:simulate", simulation);
        var (stream, _) = await SendAsync(http, HttpMethod.Post, "/v1/simulations:stream", Encoding.UTF8.GetBytes("""{"spec": {"grid_size": 8, "steps": 1}}"""));
        var (never, _) = await SendAsync(http, HttpMethod.Post, "/v1/simulations:simulate", tooMuch);
        var (reference, _) = await SendAsync(http, HttpMethod.Post, "/simulate", """{"grid_size": 8, "steps": 1}"""u8.ToArray());

        Assert.Equal([200, 200, 429, 200, 429, 200], new[] { first, second, third, stream, never, reference }.Select(response => (int)response.StatusCode));
        Assert.All([first, third, stream, never, reference], response =>
            Assert.StartsWith("\"identity\";q=60000000;qu=\"cell-steps\";w=60, \"tenant\";q=", Assert.Single(response.Headers.GetValues("RateLimit-Policy")), StringComparison.Ordinal));
        var (left, wait) = RateOf(first);
        var (leftThen, waitThen) = RateOf(second);

        // What it cost is gone; what has been saved up meanwhile is not much.
        const long Cost = 256 * 256 * 400;
        Assert.InRange(left, 60_000_000 - (2 * Cost), 60_000_000 - Cost + 6_000_000);
        Assert.InRange(left - leftThen, Cost - 6_000_000, Cost + 1_000_000);
        Assert.InRange(wait, (60_000_000 - left) / 1_000_000, ((60_000_000 - left) / 1_000_000) + 1);
        Assert.True(waitThen > wait);
        Assert.True(third.Headers.RetryAfter!.Delta > TimeSpan.Zero);

        static (long Left, long Wait) RateOf(HttpResponseMessage response)
        {
            var rate = IdentityRate().Match(Assert.Single(response.Headers.GetValues("RateLimit")));
            return (long.Parse(rate.Groups["left"].ValueSpan, CultureInfo.InvariantCulture), long.Parse(rate.Groups["wait"].ValueSpan, CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task Call_WithoutQuotas_IsToldNothing()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var http = new HttpClient { BaseAddress = new Uri(server.WebUrl!) };

        var (response, _) = await SendAsync(http, HttpMethod.Post, Nernst, Encoding.UTF8.GetBytes(Ion));

        Assert.False(response.Headers.Contains("RateLimit") || response.Headers.Contains("RateLimit-Policy"));
    }

    [Theory]
    [InlineData(Nernst, "\"code\":")]
    [InlineData("/nernst", "\"detail\":")]
    public async Task Post_BodyThatTrickles_IsCutOff(string path, string says)
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Streaming:UploadGracePeriod=00:00:00.300");
        var url = new Uri(server.WebUrl!);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, url.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"valence\""));

        var (answer, buffer) = ("", new byte[4096]);
        while (!answer.EndsWith('}'))
        {
            var count = await stream.ReadAsync(buffer).AsTask().Within();
            Assert.NotEqual(0, count);
            answer += Encoding.UTF8.GetString(buffer, 0, count);
        }

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        Assert.Contains(says, answer, StringComparison.Ordinal);
        Assert.Contains("MinBytesPerSecond", answer, StringComparison.Ordinal);
        await Patience.UntilAsync(() => server.OpenCalls.Count == 0);
    }

    private static async Task<(HttpResponseMessage Response, byte[] Bytes)> GetAsync(HttpClient http, string path, params (string Name, string? Value)[] headers) =>
        await SendAsync(http, HttpMethod.Get, path, null, headers);

    private static async Task<(HttpResponseMessage Response, byte[] Bytes)> SendAsync(HttpClient http, HttpMethod method, string path, byte[]? body, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        }

        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            Assert.True(name == "Content-Encoding" ? request.Content!.Headers.TryAddWithoutValidation(name, value) : request.Headers.TryAddWithoutValidation(name, value));
        }

        var response = await http.SendAsync(request);
        return (response, await response.Content.ReadAsByteArrayAsync());
    }

    private static byte[] Encode(string encoding, byte[] bytes, int? windowLog = null)
    {
        using var to = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(to, CompressionLevel.Optimal, leaveOpen: true) : Zstd(to, windowLog))
        {
            stream.Write(bytes);
        }

        return to.ToArray();
    }

    private static ZstdSharp.CompressionStream Zstd(Stream to, int? windowLog)
    {
        var stream = new ZstdSharp.CompressionStream(to, 3);
        if (windowLog is { } log)
        {
            stream.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_windowLog, log);
        }

        return stream;
    }

    private static byte[] Decode(string? encoding, byte[] bytes)
    {
        using var from = new MemoryStream(bytes);
        using var to = new MemoryStream();
        using Stream stream = encoding switch { "gzip" => new GZipStream(from, CompressionMode.Decompress), "zstd" => new ZstdSharp.DecompressionStream(from), _ => from };
        stream.CopyTo(to);
        return to.ToArray();
    }

    [GeneratedRegex("""^"identity";r=(?<left>\d+);t=(?<wait>\d+), "tenant";r=\d+;t=\d+$""")]
    private static partial Regex IdentityRate();
}
