using Grpc.Core;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public class HeadersAndTrailersTests
{
    private static readonly byte[] Bytes = [0, 1, 127, 128, 255];

    [Fact]
    public async Task RequestHeaders_TextAndBinary_ReachTheHandler()
    {
        var received = new TaskCompletionSource<Metadata>();
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnSay = (_, context) =>
            {
                received.SetResult(context.RequestHeaders);
                return Task.FromResult(new EchoResponse());
            },
        });

        await server.CreateClient().SayAsync(
            new EchoRequest(),
            new Metadata { { "X-Text", "one" }, { "x-text", "two" }, { "x-bytes-bin", Bytes } });

        var headers = await received.Task.Within();
        Assert.Equal("one, two", headers.GetValue("x-text")); // HttpClient joins headers of the same name.
        Assert.Equal(Bytes, headers.GetValueBytes("x-bytes-bin"));
    }

    [Fact]
    public async Task ResponseHeaders_WrittenEarly_ArriveBeforeTheFirstMessage()
    {
        var release = new TaskCompletionSource();
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnRepeat = async (_, responses, context) =>
            {
                await context.WriteResponseHeadersAsync(
                    new Metadata { { "x-text", "early" }, { "x-bytes-bin", Bytes } });
                await release.Task;
                await responses.WriteAsync(new EchoResponse());
            },
        });
        using var call = server.CreateClient().Repeat(new EchoRequest());

        var headers = await call.ResponseHeadersAsync.Within();
        var firstMessage = call.ResponseStream.MoveNext();

        Assert.Equal("early", headers.GetValue("x-text"));
        Assert.Equal(Bytes, headers.GetValueBytes("x-bytes-bin"));
        Assert.False(firstMessage.IsCompleted);

        release.SetResult();
        Assert.True(await firstMessage.Within());
    }

    [Fact]
    public async Task ResponseHeaders_WrittenTwice_AreRefused()
    {
        var refusal = new TaskCompletionSource<Exception?>();
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnSay = async (_, context) =>
            {
                await context.WriteResponseHeadersAsync([]);
                refusal.SetResult(await Record.ExceptionAsync(() => context.WriteResponseHeadersAsync([])));
                return new EchoResponse();
            },
        });

        await server.CreateClient().SayAsync(new EchoRequest()).ResponseAsync.Within();

        Assert.IsType<InvalidOperationException>(await refusal.Task.Within());
    }

    [Fact]
    public async Task Trailers_TextAndBinary_ArriveAfterTheLastMessage()
    {
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnRepeat = async (_, responses, context) =>
            {
                await responses.WriteAsync(new EchoResponse());
                context.ResponseTrailers.Add("x-text", "late");
                context.ResponseTrailers.Add("x-bytes-bin", Bytes);
            },
        });
        using var call = server.CreateClient().Repeat(new EchoRequest());

        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.Throws<InvalidOperationException>(() => call.GetTrailers());
        Assert.False(await call.ResponseStream.MoveNext().Within());

        Assert.Equal("late", call.GetTrailers().GetValue("x-text"));
        Assert.Equal(Bytes, call.GetTrailers().GetValueBytes("x-bytes-bin"));
    }

    [Fact]
    public async Task UserState_LeftByAnInterceptor_IsSeenByTheHandler()
    {
        await using var server = await EchoServer.StartAsync(
            new EchoHandlers
            {
                OnSay = (_, context) => Task.FromResult(new EchoResponse { Text = (string)context.UserState["who"] }),
            },
            options => options.Interceptors.Add<UserStateInterceptor>());

        var response = await server.CreateClient().SayAsync(new EchoRequest()).ResponseAsync.Within();

        Assert.Equal("left by the interceptor", response.Text);
    }

    [Fact]
    public async Task Context_OfACall_NamesMethodHostAndPeer()
    {
        var seen = new TaskCompletionSource<(string Method, string Host, string Peer)>();
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnSay = (_, context) =>
            {
                seen.SetResult((context.Method, context.Host, context.Peer));
                return Task.FromResult(new EchoResponse());
            },
        });

        await server.CreateClient().SayAsync(new EchoRequest()).ResponseAsync.Within();

        var (method, host, peer) = await seen.Task.Within();
        Assert.Equal("/mfn.test.v1.EchoService/Say", method);
        Assert.Equal(server.Address.Authority, host);
        Assert.StartsWith("ipv4:127.0.0.1:", peer, StringComparison.Ordinal);
    }

    private sealed class UserStateInterceptor : Grpc.Core.Interceptors.Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request,
            ServerCallContext context,
            UnaryServerMethod<TRequest, TResponse> continuation)
        {
            context.UserState["who"] = "left by the interceptor";
            return continuation(request, context);
        }
    }
}
