using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Web;

/// <summary>What no client of good will sends to the web listener: a clear status for each, and nobody else notices.</summary>
public sealed class WebAbuseTests(WebAbuseTests.Fixture fixture) : IClassFixture<WebAbuseTests.Fixture>
{
    private const string Nernst = "/v1/membrane:computeNernstPotential";
    private const string Ion = """{"valence": 1, "outside_molar": 0.005, "inside_molar": 0.14}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string, int> Requests => new()
    {
        // Paths that mean to be another.
        { Get("/v1/../v1/runs"), 200 },
        { Get("/v1/%2e%2e/v1/runs"), 200 },
        { Get("/v1/runs/../../etc/passwd"), 404 },
        { Get("/v1/runs/..%2f..%2fetc%2fpasswd"), 404 },
        { Get("/v1/runs/%2e%2e%2f%2e%2e"), 404 },
        { Get("/v1/runs/%252e%252e"), 404 },
        { Get("/v1/runs/a%00b"), 400 },
        { Get("//v1/runs"), 404 },
        { Get("/v1//runs"), 404 },
        { Get("/v1/runs;x=1"), 404 },
        { Get("/v1\\runs"), 404 },
        { Get("/v1/runs%"), 404 },
        { Get("/v1/runs%zz"), 404 },
        { Get("/v1/runs/%ff%fe"), 404 },
        { Get("/v1/runs/" + new string('a', 200)), 400 },
        { Get("/" + new string('a', 9000)), 414 },
        { Get("/v1/runs?" + new string('a', 7000)), 400 },
        { Get("http://elsewhere.example/v1/runs"), 400 },
        { Get("*"), 405 },

        // Requests that are none.
        { "GET /v1/runs HTTP/1.1\r\n\r\n", 400 },
        { "GET /v1/runs HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere.example\r\n\r\n", 400 },
        { "GET /v1/runs HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n", 403 },
        { "GET /v1/runs HTTP/9.9\r\nHost: localhost\r\n\r\n", 505 },
        { "GET /v1/runs\r\n\r\n", 400 },
        { "get /v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405 },
        { "TRACE /v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405 },
        { "BREW /v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405 },
        { "GET /v1/runs HTTP/1.1\r\nHost: localhost\r\n spaced: 1\r\n\r\n", 400 },
        { "GET /v1/runs HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400 },
        { "GET /v1/runs HTTP/1.1\r\nHost: localhost\r\nx: \0\r\n\r\n", 400 },

        // Floods of headers.
        { $"GET /v1/runs HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, 1000).Select(i => $"x-{i}: 1\r\n"))}\r\n", 431 },
        { $"GET /v1/runs HTTP/1.1\r\nHost: localhost\r\nx: {new string('a', 40_000)}\r\n\r\n", 431 },

        // Bodies of two lengths, or of another than they say.
        { Post($"Content-Length: {Ion.Length}\r\nTransfer-Encoding: chunked\r\n", $"{Ion.Length:x}\r\n{Ion}\r\n0\r\n\r\n"), 200 },
        { Post("Content-Length: -1\r\n", Ion), 400 },
        { Post("Content-Length: 1e3\r\n", Ion), 400 },
        { Post("Content-Length: 5\r\nContent-Length: 6\r\n", Ion), 400 },
        { Post("Transfer-Encoding: chunked\r\n", "zz\r\n"), 400 },
        { Post("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"), 400 },
        { Post("Transfer-Encoding: gzip\r\n", Ion), 400 },
        { Post("Content-Length: 104857600\r\n", Ion), 413 },

        // Texts that are no JSON of the contracts.
        { Body(Ion[..^1]), 400 },
        { Body(Ion + Ion), 400 },
        { Body("\ufeff" + Ion), 400 },
        { Body(new string('[', 100_000)), 400 },
        { Body(string.Concat(Enumerable.Repeat("""{"valence":""", 10_000))), 400 },
        { Body(""""{"valence": "\ud800"}""""), 400 },
        { Body("""{"outside_molar": NaN}"""), 400 },
        { Body("""{"outside_molar": nan}"""), 400 },
        { Body("""{"outside_molar": "nan"}"""), 400 },
        { Body("""{"outside_molar": "+Infinity"}"""), 400 },
        { Body("""{"outside_molar": -1e999}"""), 400 },
        { Body("""{"outside_molar": "0x7ff0000000000000"}"""), 400 },
        { Body("""{"__proto__": {"valence": 1}}"""), 400 },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Send_WhatIsWrong_HasItsStatus(string request, int status)
    {
        var server = fixture.Server;

        var (actual, headers, body) = await ExchangeAsync(server, Encoding.Latin1.GetBytes(request));

        Assert.Equal(status, actual);
        if (headers.Contains("application/json", StringComparison.Ordinal) && !request.StartsWith("HEAD", StringComparison.Ordinal))
        {
            // What Kestrel itself refuses has no body.
            Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(body).RootElement.ValueKind);
        }

        await GrpcStack.Patience.UntilAsync(() => server.OpenCalls.Count == 0);
    }

    [Fact]
    public async Task Send_BytesThatAreNoText_AreRefused()
    {
        var server = fixture.Server;
        byte[] body = [.. "{\"valence\": \"\""u8, 0xC3, 0x28, .. "\"}"u8];

        var (status, _, text) = await ExchangeAsync(server, [.. Encoding.ASCII.GetBytes(Post($"Content-Length: {body.Length}\r\n", "")), .. body]);

        Assert.Equal(400, status);
        Assert.Equal(3, JsonDocument.Parse(text).RootElement.GetProperty("code").GetInt32());
    }

    /// <summary>Much at once, from many: a watcher beside misses nothing.</summary>
    [Fact]
    public async Task Flood_DisturbsNobody()
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 32 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 100 })).Run;
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"{server.WebUrl}/v1/runs/{run.RunId}/watch?from_step=0&field_encoding=FIELD_ENCODING_FLOAT32&backlog_frames=1024"), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        var floods = Enumerable.Range(0, 24).Select(i => Task.Run(() => (i % 3) switch
        {
            // 100 MB that are announced, and 100 MB that are not.
            0 => ExchangeAsync(server, Encoding.ASCII.GetBytes(Post("Content-Length: 104857600\r\n", "")), flood: true),
            1 => ExchangeAsync(server, Encoding.ASCII.GetBytes(Post("Transfer-Encoding: chunked\r\n", "6400000\r\n")), flood: true),
            _ => ExchangeAsync(server, Encoding.ASCII.GetBytes(Body(new string('[', 200_000)))),
        })).ToList();
        var sequence = 0L;
        while (!Task.WhenAll(floods).IsCompleted || sequence < 300)
        {
            var line = JsonDocument.Parse((await reader.ReadLineAsync().WaitAsync(Patience))!).RootElement.GetProperty("result");
            Assert.Equal(sequence.ToString(CultureInfo.InvariantCulture), line.GetProperty("sequence").GetString());
            Assert.False(line.TryGetProperty("gap", out _));
            sequence++;
        }

        Assert.Equal([413, 413, 400], (await Task.WhenAll(floods)).Select(answer => answer.Status).Take(3));
    }

    private static string Get(string target) => $"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    private static string Post(string headers, string body) => $"POST {Nernst} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}\r\n{body}";

    private static string Body(string json)
    {
        var bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(json));
        return Post($"Content-Length: {bytes.Length}\r\n", bytes);
    }

    /// <summary>Sends bytes, and more of them if it is a flood, and reads what comes until the server has nothing more to say.</summary>
    private static async Task<(int Status, string Headers, string Body)> ExchangeAsync(TestServer server, byte[] request, bool flood = false)
    {
        var url = new Uri(server.WebUrl!);
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        await using var stream = client.GetStream();
        var sending = Task.Run(async () =>
        {
            try
            {
                await stream.WriteAsync(request);
                var zeros = new byte[65536];
                for (var sent = 0; flood && sent < 104_857_600; sent += zeros.Length)
                {
                    await stream.WriteAsync(zeros);
                }
            }
            catch (IOException)
            {
                // The server has heard enough.
            }
        });
        var answer = new MemoryStream();
        var buffer = new byte[16384];
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (await stream.ReadAsync(buffer, patience.Token) is var count and > 0)
            {
                await answer.WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (IOException)
        {
            // It has closed on what was still being sent.
        }

        client.Close();
        await sending;
        var text = Encoding.UTF8.GetString(answer.ToArray());
        Assert.StartsWith("HTTP/1.1 ", text, StringComparison.Ordinal);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return (int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture), text[..end], text[(end + 4)..]);
    }

    /// <summary>One server for all requests: none of them harms it.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
