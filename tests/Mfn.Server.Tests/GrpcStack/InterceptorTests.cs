using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public class InterceptorTests
{
    private readonly ConcurrentQueue<string> _log = [];

    [Fact]
    public async Task BlockingUnary_InterceptorsOnBothSides_RunInTheirOrder()
    {
        await using var server = await RecordingAsync();
        var client = CreateRecordingClient(server);

        await Task.Run(() => client.Say(new EchoRequest())).Within();

        Assert.Equal(Expected(nameof(Interceptor.BlockingUnaryCall), nameof(Interceptor.UnaryServerHandler)), _log);
    }

    [Fact]
    public async Task Unary_InterceptorsOnBothSides_RunInTheirOrder()
    {
        await using var server = await RecordingAsync();

        await CreateRecordingClient(server).SayAsync(new EchoRequest()).ResponseAsync.Within();

        Assert.Equal(Expected(nameof(Interceptor.AsyncUnaryCall), nameof(Interceptor.UnaryServerHandler)), _log);
    }

    [Fact]
    public async Task ClientStreaming_InterceptorsOnBothSides_RunInTheirOrder()
    {
        await using var server = await RecordingAsync();
        using var call = CreateRecordingClient(server).Collect();

        await call.RequestStream.CompleteAsync().Within();
        await call.ResponseAsync.Within();

        Assert.Equal(
            Expected(nameof(Interceptor.AsyncClientStreamingCall), nameof(Interceptor.ClientStreamingServerHandler)),
            _log);
    }

    [Fact]
    public async Task ServerStreaming_InterceptorsOnBothSides_RunInTheirOrder()
    {
        await using var server = await RecordingAsync();
        using var call = CreateRecordingClient(server).Repeat(new EchoRequest());

        await call.ResponseStream.MoveNext().Within();

        Assert.Equal(
            Expected(nameof(Interceptor.AsyncServerStreamingCall), nameof(Interceptor.ServerStreamingServerHandler)),
            _log);
    }

    [Fact]
    public async Task DuplexStreaming_InterceptorsOnBothSides_RunInTheirOrder()
    {
        await using var server = await RecordingAsync();
        using var call = CreateRecordingClient(server).Chat();

        await call.RequestStream.CompleteAsync().Within();
        await call.ResponseStream.MoveNext().Within();

        Assert.Equal(
            Expected(nameof(Interceptor.AsyncDuplexStreamingCall), nameof(Interceptor.DuplexStreamingServerHandler)),
            _log);
    }

    [Fact]
    public async Task Intercept_OneAfterAnother_TheLastSeesTheCallFirst()
    {
        await using var server = await EchoServer.StartAsync();
        var invoker = server.Connect().Intercept(Recorder("near")).Intercept(Recorder("far"));

        await new EchoService.EchoServiceClient(invoker).SayAsync(new EchoRequest()).ResponseAsync.Within();

        Assert.Equal(["far AsyncUnaryCall", "near AsyncUnaryCall"], _log);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Intercept_FunctionOnHeaders_ChangesWhatIsSent(bool callHasHeaders)
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
        var invoker = server.Connect().Intercept(headers => [.. headers, new Metadata.Entry("x-added", "yes")]);
        var own = callHasHeaders ? new Metadata { { "x-own", "mine" } } : null;

        await new EchoService.EchoServiceClient(invoker).SayAsync(new EchoRequest(), own).ResponseAsync.Within();

        var sent = await received.Task.Within();
        Assert.Equal("yes", sent.GetValue("x-added"));
        Assert.Equal(callHasHeaders ? "mine" : null, sent.GetValue("x-own"));
    }

    [Fact]
    public async Task ServerInterceptor_ThatThrows_EndsTheCallBeforeTheHandler()
    {
        var handled = false;
        await using var server = await EchoServer.StartAsync(
            new EchoHandlers
            {
                OnSay = (_, _) =>
                {
                    handled = true;
                    return Task.FromResult(new EchoResponse());
                },
            },
            options => options.Interceptors.Add<RefusingInterceptor>());

        var error = await Assert.ThrowsAsync<RpcException>(
            () => server.CreateClient().SayAsync(new EchoRequest()).ResponseAsync.Within());

        Assert.Equal(StatusCode.PermissionDenied, error.StatusCode);
        Assert.False(handled);
    }

    private static string[] Expected(string onClient, string onServer) =>
        [$"a {onClient}", $"b {onClient}", $"c {onServer}", $"d {onServer}"];

    private Task<EchoServer> RecordingAsync() => EchoServer.StartAsync(configure: options =>
    {
        options.Interceptors.Add<RecordingInterceptor>("c", _log);
        options.Interceptors.Add<RecordingInterceptor>("d", _log);
    });

    private EchoService.EchoServiceClient CreateRecordingClient(EchoServer server) =>
        new(server.Connect().Intercept(Recorder("a"), Recorder("b")));

    private RecordingInterceptor Recorder(string name) => new(name, _log);

    private sealed class RefusingInterceptor : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request,
            ServerCallContext context,
            UnaryServerMethod<TRequest, TResponse> continuation) =>
            throw new RpcException(new Status(StatusCode.PermissionDenied, "no"));
    }
}
