using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Web;

/// <summary>Streams as lines of JSON, as server-sent events and over WebSockets: the messages that gRPC brings, and an end that is none of them.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private const string Lines = "application/x-ndjson";
    private const string Events = "text/event-stream";
    private const string JsonSocket = "mfn.v1.json";
    private const string BinarySocket = "mfn.v1.protobuf";

    private readonly HttpClient _http = new();
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(Lines)]
    [InlineData(Events)]
    [InlineData(JsonSocket)]
    [InlineData(BinarySocket)]
    public async Task Watch_OverHttp_HasTheMessagesOfGrpc(string type)
    {
        var request = await CreateAsync(steps: 40);
        var expected = await WatchAsync(request);

        var messages = await WatchAsync(request, type, null, int.MaxValue);

        Assert.Equal(43, expected.Count);
        Assert.Equal(expected.Select(message => message.Chain), messages.Select(message => message.Chain));
        Assert.Equal(expected.Select(Plain), messages.Select(Plain));
    }

    /// <summary>One token goes on over each of them, wherever the watch before was cut.</summary>
    [Fact]
    public async Task Watch_ResumedOverAnother_IsTheExactRest()
    {
        var request = await CreateAsync(steps: 40);
        var expected = await WatchAsync(request);
        var random = new Random(1);
        for (var i = 0; i < 20; i++)
        {
            var messages = new List<WatchRunResponse>();
            while (messages.Count < expected.Count)
            {
                var token = messages.Count > 0 ? messages[^1].Token : null;
                var count = random.Next(1, 30);
                messages.AddRange(random.Next(5) switch
                {
                    0 => await WatchAsync(request, Lines, token, count),
                    1 => await WatchAsync(request, Events, token, count),
                    2 => await WatchAsync(request, JsonSocket, token, count),
                    3 => await WatchAsync(request, BinarySocket, token, count),
                    _ => (await WatchAsync(token is null ? request : new WatchRunRequest(request) { ResumeToken = token })).Take(count),
                });
            }

            Assert.Equal(expected.Where(IsFrame).Select(Plain), messages.Where(IsFrame).Select(Plain));
            Assert.Equal(Enumerable.Range(0, messages.Count).Select(sequence => (long)sequence), messages.Select(message => message.Sequence));
        }

        static bool IsFrame(WatchRunResponse message) => message.KindCase is WatchRunResponse.KindOneofCase.Snapshot;
    }

    [Theory]
    [InlineData(Lines, "{\"error\": ")]
    [InlineData(Events, "event: error")]
    public async Task Stream_ThatFailsLate_EndsWithAnErrorThatIsNoMessage(string type, string beginning)
    {
        var run = (await _server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_server.WebUrl}/v1/runs/{run.RunId}/watch");
        request.Headers.Accept.Add(new(type));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.NotNull(await reader.ReadLineAsync());

        var stopping = _server.StopAsync();

        var text = await reader.ReadToEndAsync();
        await stopping;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(beginning, text, StringComparison.Ordinal);
        Assert.Contains("\"code\": 14", text.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("{\"end\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("event: end", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Lines)]
    [InlineData(Events)]
    public async Task Stream_ThatIsRefused_HasTheStatusOfHttp(string type)
    {
        var (unknown, _) = await SendAsync(HttpMethod.Get, "/v1/runs/none/watch", type);
        var (wrong, text) = await SendAsync(HttpMethod.Get, "/v1/runs/none/watch?every_n_steps=0&keyframe=1", type);
        var (unacceptable, _) = await SendAsync(HttpMethod.Get, "/v1/runs/none/watch", "application/json");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadRequest, HttpStatusCode.NotAcceptable), (unknown, wrong, unacceptable));
        Assert.Equal(3, JsonDocument.Parse(text).RootElement.GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Export_IsTheBytes()
    {
        var request = await CreateAsync(steps: 5);
        var expected = new MemoryStream();
        using var call = _server.Runs.ExportRun(new ExportRunRequest { RunId = request.RunId });
        await foreach (var part in call.ResponseStream.ReadAllAsync())
        {
            part.Chunk.WriteTo(expected);
        }

        using var response = await _http.GetAsync(new Uri($"{_server.WebUrl}/v1/runs/{request.RunId}/export"));

        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.ToString());
        Assert.True(expected.Length > 0);
        Assert.Equal(expected.ToArray(), await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>A watcher that goes is gone for the server too.</summary>
    [Fact]
    public async Task Watch_WhoseClientGoes_Ends()
    {
        var run = (await _server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 100 })).Run;
        using (var response = await _http.GetAsync(new Uri($"{_server.WebUrl}/v1/runs/{run.RunId}/watch"), HttpCompletionOption.ResponseHeadersRead))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            Assert.NotNull(await reader.ReadLineAsync());
            Assert.Equal(1, (await _server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.WatcherCount);
        }

        await GrpcStack.Patience.UntilAsync(async () => (await _server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.WatcherCount == 0);
        await GrpcStack.Patience.UntilAsync(() => _server.OpenCalls.Count == 0);
    }

    private static string Plain(WatchRunResponse message) => new WatchRunResponse(message) { Token = ByteString.Empty, Chain = ByteString.Empty, Sequence = 0 }.ToString();

    /// <summary>A run that has stopped, and how to watch all of it.</summary>
    private async Task<WatchRunRequest> CreateAsync(int steps)
    {
        var run = (await _server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = steps, Seed = 1 } })).Run;
        await GrpcStack.Patience.UntilAsync(async () => (await _server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.State == RunState.Stopped);
        return new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Float64, EveryNSteps = 1 };
    }

    private async Task<List<WatchRunResponse>> WatchAsync(WatchRunRequest request)
    {
        using var call = _server.Runs.WatchRun(request);
        return await call.ResponseStream.ReadAllAsync().ToListAsync();
    }

    private async Task<List<WatchRunResponse>> WatchAsync(WatchRunRequest request, string type, ByteString? token, int count)
    {
        var start = token is null ? $"&from_step={request.FromStep}" : type != Events ? $"&resume_token={Uri.EscapeDataString(token.ToBase64())}" : "";
        var path = $"/v1/runs/{request.RunId}/watch?field_encoding={(int)request.FieldEncoding}{start}";
        if (type is JsonSocket or BinarySocket)
        {
            await using var socket = await SocketClient.ConnectAsync(_server.WebUrl!, path, type);
            return await socket.ReadAsync(count);
        }

        using var message = new HttpRequestMessage(HttpMethod.Get, _server.WebUrl + path);
        message.Headers.Accept.Add(new(type));
        if (token is not null && type == Events)
        {
            message.Headers.Add("Last-Event-ID", token.ToBase64());
        }

        using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var messages = new List<WatchRunResponse>();
        string? id = null;
        while (messages.Count < count && await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal) && id is not null)
            {
                messages.Add(JsonParser.Default.Parse<WatchRunResponse>(line[6..]));
                Assert.Equal(id, messages[^1].Token.ToBase64());
                id = null;
            }
            else if (line.StartsWith("{\"result\"", StringComparison.Ordinal))
            {
                messages.Add(JsonParser.Default.Parse<WatchRunResponse>(JsonDocument.Parse(line).RootElement.GetProperty("result").GetRawText()));
            }
        }

        return messages;
    }

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpMethod verb, string path, string accept)
    {
        using var request = new HttpRequestMessage(verb, _server.WebUrl + path);
        request.Headers.Accept.Add(new(accept));
        using var response = await _http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
