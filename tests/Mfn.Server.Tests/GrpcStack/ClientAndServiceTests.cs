using System.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public class ClientAndServiceTests
{
    [Fact]
    public void WithHost_Client_NamesTheHostInItsCalls()
    {
        var hosts = new HostRecorder();
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");
        var client = new EchoService.EchoServiceClient(channel.Intercept(hosts));

        Assert.Throws<OperationCanceledException>(() => client.Say(new EchoRequest()));
        Assert.Throws<OperationCanceledException>(() => client.WithHost("elsewhere").Say(new EchoRequest()));
        Assert.Throws<OperationCanceledException>(
            () => client.WithHost("elsewhere").WithHost("at last").Say(new EchoRequest()));

        Assert.Equal([null, "elsewhere", "at last"], hosts.Seen);
    }

    [Fact]
    public void Client_MadeWithoutChannel_RefusesCalls()
    {
        var client = new ClientDouble();

        Assert.Throws<NotImplementedException>(() => client.Say(new EchoRequest()));
        Assert.Throws<NotImplementedException>(() => client.SayAsync(new EchoRequest()));
        Assert.Throws<NotImplementedException>(() => client.Collect());
        Assert.Throws<NotImplementedException>(() => client.Repeat(new EchoRequest()));
        Assert.Throws<NotImplementedException>(() => client.Chat());
    }

    [Fact]
    public async Task Channel_ShutDown_EndsAtOnceAndKeepsItsTarget()
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");

        await channel.ShutdownAsync().Within();

        Assert.Equal("127.0.0.1:1", channel.Target);
    }

    [Fact]
    public void BindService_GeneratedService_ListsEachMethodWithItsKind()
    {
        var binder = new NameBinder();

        EchoService.BindService(new EchoHandlers()).BindService(binder);

        Assert.Equal(["unary Say", "client Collect", "server Repeat", "duplex Chat", "unary Forget"], binder.Bound);
    }

    [Fact]
    public void BindServiceMethod_OfGeneratedBase_NamesItsBinder()
    {
        var attribute = typeof(EchoService.EchoServiceBase).GetCustomAttribute<BindServiceMethodAttribute>();

        Assert.Equal(typeof(EchoService), attribute?.BindType);
        Assert.Equal("BindService", attribute?.BindMethodName);
    }

    private sealed class ClientDouble : EchoService.EchoServiceClient;

    private sealed class HostRecorder : Interceptor
    {
        public List<string?> Seen { get; } = [];

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(
            TRequest request,
            ClientInterceptorContext<TRequest, TResponse> context,
            BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            Seen.Add(context.Host);
            throw new OperationCanceledException("Seen enough.");
        }
    }

    private sealed class NameBinder : ServiceBinderBase
    {
        public List<string> Bound { get; } = [];

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            UnaryServerMethod<TRequest, TResponse>? handler) => Bound.Add($"unary {method.Name}");

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            ClientStreamingServerMethod<TRequest, TResponse>? handler) => Bound.Add($"client {method.Name}");

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            ServerStreamingServerMethod<TRequest, TResponse>? handler) => Bound.Add($"server {method.Name}");

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            DuplexStreamingServerMethod<TRequest, TResponse>? handler) => Bound.Add($"duplex {method.Name}");
    }
}
