using Grpc.Core;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public class CallKindTests
{
    [Fact]
    public async Task Unary_Request_IsAnswered()
    {
        await using var server = await EchoServer.StartAsync();
        using var call = server.CreateClient().SayAsync(new EchoRequest { Text = "hello" });

        Assert.Equal("hello", (await call.ResponseAsync.Within()).Text);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Unary_BlockingRequest_IsAnswered()
    {
        await using var server = await EchoServer.StartAsync();
        var client = server.CreateClient();

        var response = await Task.Run(() => client.Say(new EchoRequest { Text = "hello" })).Within();

        Assert.Equal("hello", response.Text);
    }

    [Fact]
    public async Task ClientStreaming_Requests_AreAllReceivedInOrder()
    {
        await using var server = await EchoServer.StartAsync();
        using var call = server.CreateClient().Collect();

        foreach (var text in new[] { "a", "b", "c" })
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = text }).Within();
        }

        await call.RequestStream.CompleteAsync().Within();

        Assert.Equal("a b c", (await call.ResponseAsync.Within()).Text);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task ClientStreaming_WriteAfterComplete_IsRefused()
    {
        await using var server = await EchoServer.StartAsync();
        using var call = server.CreateClient().Collect();
        await call.RequestStream.CompleteAsync().Within();

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => call.RequestStream.WriteAsync(new EchoRequest()).Within());
    }

    [Fact]
    public async Task ServerStreaming_Responses_AreAllReceivedInOrder()
    {
        await using var server = await EchoServer.StartAsync();
        using var call = server.CreateClient().Repeat(new EchoRequest { Text = "r", Count = 3 });

        Assert.Equal(["r0", "r1", "r2"], await TextsAsync(call.ResponseStream).Within());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task ServerStreaming_NoResponses_EndsAtOnce()
    {
        await using var server = await EchoServer.StartAsync();
        using var call = server.CreateClient().Repeat(new EchoRequest { Count = 0 });

        Assert.False(await call.ResponseStream.MoveNext().Within());
    }

    [Fact]
    public async Task DuplexStreaming_EachRequest_IsAnsweredBeforeTheNext()
    {
        await using var server = await EchoServer.StartAsync();
        using var call = server.CreateClient().Chat();

        foreach (var text in new[] { "ping", "pong" })
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = text }).Within();
            Assert.True(await call.ResponseStream.MoveNext().Within());
            Assert.Equal(text, call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync().Within();
        Assert.False(await call.ResponseStream.MoveNext().Within());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task ManyCalls_Concurrent_EachGetsItsOwnAnswer()
    {
        const int CallCount = 300;
        await using var server = await EchoServer.StartAsync();
        var client = server.CreateClient();

        var responses = await Task.WhenAll(
            Enumerable.Range(0, CallCount).Select(async i =>
            {
                using var call = client.Chat();
                await call.RequestStream.WriteAsync(new EchoRequest { Text = $"call {i}" });
                await call.RequestStream.CompleteAsync();
                return await TextsAsync(call.ResponseStream);
            })).Within();

        Assert.Equal(Enumerable.Range(0, CallCount).Select(i => $"call {i}"), responses.Select(Assert.Single));
    }

    private static async Task<IReadOnlyList<string>> TextsAsync(IAsyncStreamReader<EchoResponse> responses)
    {
        var texts = new List<string>();
        await foreach (var response in responses.ReadAllAsync())
        {
            texts.Add(response.Text);
        }

        return texts;
    }
}
