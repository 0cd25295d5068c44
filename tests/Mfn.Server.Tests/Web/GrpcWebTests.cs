using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Web;

/// <summary>gRPC-Web, binary and as base64, over HTTP/1.1: what gRPC says, at the web listener.</summary>
public sealed class GrpcWebTests
{
    [Theory]
    [InlineData(GrpcWebMode.GrpcWeb)]
    [InlineData(GrpcWebMode.GrpcWebText)]
    public async Task Watch_IsThatOfGrpc(GrpcWebMode mode)
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");
        using var channel = Open(server, mode);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 30 } })).Run;
        await GrpcStack.Patience.UntilAsync(async () => (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.State == RunState.Stopped);
        var request = new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Float64 };
        using var expected = server.Runs.WatchRun(request);
        using var call = new RunService.RunServiceClient(channel).WatchRun(request);

        var messages = await call.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.True(messages.Count > 30);
        Assert.Equal((await expected.ResponseStream.ReadAllAsync().ToListAsync()).Select(message => message.Chain), messages.Select(message => message.Chain));
        Assert.NotNull((await call.ResponseHeadersAsync).GetValue("mfn-heartbeat-milliseconds"));
    }

    [Fact]
    public async Task Call_IsRefusedAsByGrpc()
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");
        using var channel = Open(server, GrpcWebMode.GrpcWeb);
        var request = new SimulateRequest { Spec = new SimulationSpec { GridSize = 3, Steps = -1 } };
        var expected = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(request));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await new SimulationService.SimulationServiceClient(channel).SimulateAsync(request));

        Assert.Equal(expected.GetRpcStatus(), refused.GetRpcStatus());
        Assert.NotNull(refused.GetRpcStatus());
    }

    /// <summary>A deadline ends the call with its status, and the connection is good for the next.</summary>
    [Fact]
    public async Task Call_WhoseDeadlinePasses_HasTheStatus()
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");
        using var http = new HttpClient();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server.WebUrl}/mfn.v1.RunService/WatchRun");
        request.Content = new ByteArrayContent(Frame(new WatchRunRequest { RunId = run.RunId }));
        request.Content.Headers.ContentType = new("application/grpc-web+proto");
        request.Headers.Add("grpc-timeout", "300m");

        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal((HttpStatusCode.OK, "application/grpc-web"), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        Assert.Contains("grpc-status: 4", System.Text.Encoding.ASCII.GetString(body), StringComparison.Ordinal);
        await GrpcStack.Patience.UntilAsync(() => server.OpenCalls.Count == 0);
    }

    /// <summary>A watcher that goes is gone for the server too.</summary>
    [Fact]
    public async Task Watch_WhoseClientGoes_Ends()
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");
        using var channel = Open(server, GrpcWebMode.GrpcWeb);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 100 })).Run;
        using (var call = new RunService.RunServiceClient(channel).WatchRun(new WatchRunRequest { RunId = run.RunId }))
        {
            Assert.True(await call.ResponseStream.MoveNext(default));
            Assert.Equal(1, server.OpenCalls.Count);
        }

        await GrpcStack.Patience.UntilAsync(() => server.OpenCalls.Count == 0);
    }

    /// <summary>A page of an origin that is allowed may call, and sees how it went; others may not.</summary>
    [Theory]
    [InlineData("https://lab.example.org", HttpStatusCode.NoContent, HttpStatusCode.OK)]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    public async Task Page_OfAnotherOrigin(string origin, HttpStatusCode preflight, HttpStatusCode status)
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0", "Web:AllowedOrigins=https://lab.example.org");
        using var http = new HttpClient();
        using var asked = new HttpRequestMessage(HttpMethod.Options, $"{server.WebUrl}/mfn.v1.FeatureService/DescribeFeatures");
        asked.Headers.Add("Origin", origin);
        asked.Headers.Add("Access-Control-Request-Method", "POST");
        asked.Headers.Add("Access-Control-Request-Headers", "content-type,x-grpc-web,x-user-agent,grpc-timeout");
        using var call = new HttpRequestMessage(HttpMethod.Post, $"{server.WebUrl}/mfn.v1.FeatureService/DescribeFeatures");
        call.Headers.Add("Origin", origin);
        call.Content = new ByteArrayContent(Frame(new DescribeFeaturesRequest()));
        call.Content.Headers.ContentType = new("application/grpc-web+proto");

        using var allowed = await http.SendAsync(asked);
        using var response = await http.SendAsync(call);

        Assert.Equal((preflight, status), (allowed.StatusCode, response.StatusCode));
        if (status == HttpStatusCode.OK)
        {
            var exposed = string.Join(",", response.Headers.GetValues("Access-Control-Expose-Headers"));
            Assert.All(["grpc-status", "grpc-message", "grpc-status-details-bin"], name => Assert.Contains(name, exposed, StringComparison.Ordinal));
            Assert.All(["x-grpc-web", "grpc-timeout"], name => Assert.Contains(name, string.Join(",", allowed.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.Ordinal));
        }
    }

    private static GrpcChannel Open(TestServer server, GrpcWebMode mode) =>
        GrpcChannel.ForAddress(server.WebUrl!, new GrpcChannelOptions
        {
            HttpHandler = new GrpcWebHandler(mode, new HttpClientHandler()),
            HttpVersion = HttpVersion.Version11,
            DisposeHttpClient = true,
        });

    private static byte[] Frame(IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.CalculateSize());
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }
}
