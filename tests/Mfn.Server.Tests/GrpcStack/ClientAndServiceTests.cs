using System.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public class ClientAndServiceTests
{
    private static readonly Method<EchoRequest, EchoResponse> Method = new(
        MethodType.Unary,
        "some.Service",
        "Do",
        Marshallers.Create<EchoRequest>(_ => [], _ => new EchoRequest()),
        Marshallers.Create<EchoResponse>(_ => [], _ => new EchoResponse()));

    [Fact]
    public void Method_FullName_IsThePath()
    {
        Assert.Equal("/some.Service/Do", Method.FullName);
    }

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
    public void Client_OfNothing_IsRefused()
    {
        Assert.Throws<ArgumentNullException>(() => new EchoService.EchoServiceClient((ChannelBase)null!));
        Assert.Throws<ArgumentNullException>(() => new EchoService.EchoServiceClient((CallInvoker)null!));
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
    public void Builder_SameMethodTwice_IsRefused()
    {
        var builder = ServerServiceDefinition.CreateBuilder().AddMethod(Method, new EchoHandlers().Say);

        Assert.Throws<ArgumentException>(() => builder.AddMethod(Method, new EchoHandlers().Say));
    }

    [Fact]
    public void BindServiceMethod_OfGeneratedBase_NamesItsBinder()
    {
        var attribute = typeof(EchoService.EchoServiceBase).GetCustomAttribute<BindServiceMethodAttribute>();

        Assert.Equal(typeof(EchoService), attribute?.BindType);
        Assert.Equal("BindService", attribute?.BindMethodName);
    }

    [Fact]
    public async Task AsyncUnaryCall_MadeOfFunctions_CallsThem()
    {
        var disposed = 0;
        var headers = new Metadata();
        var trailers = new Metadata();
        var call = new AsyncUnaryCall<string>(
            Task.FromResult("response"),
            Task.FromResult(headers),
            () => new Status(StatusCode.Aborted, "why"),
            () => trailers,
            () => disposed++);

        Assert.Equal("response", await call);
        Assert.Equal("response", await call.ConfigureAwait(false));
        Assert.Same(headers, await call.ResponseHeadersAsync);
        Assert.Equal(StatusCode.Aborted, call.GetStatus().StatusCode);
        Assert.Same(trailers, call.GetTrailers());
        call.Dispose();
        Assert.Equal(1, disposed);
    }

    [Fact]
    public async Task WriteAsync_TokenThatTheWriterCannotHonour_IsRefused()
    {
        using var cancellation = new CancellationTokenSource();
        var writer = new PlainWriter();

        await ((IAsyncStreamWriter<string>)writer).WriteAsync("plain", CancellationToken.None);
        await Assert.ThrowsAsync<NotSupportedException>(
            () => ((IAsyncStreamWriter<string>)writer).WriteAsync("cancellable", cancellation.Token));

        Assert.Equal(["plain"], writer.Written);
    }

    [Fact]
    public void AuthContext_SeveralProperties_FindsThoseOfAName()
    {
        byte[] value = [(byte)'a'];
        var context = new AuthContext("name", new Dictionary<string, List<AuthProperty>>
        {
            ["name"] = [AuthProperty.Create("name", value), AuthProperty.Create("name", "b"u8.ToArray())],
            ["other"] = [AuthProperty.Create("other", "c"u8.ToArray())],
        });
        value[0] = (byte)'z';

        Assert.True(context.IsPeerAuthenticated);
        Assert.Equal(["a", "b"], context.PeerIdentity.Select(property => property.Value));
        Assert.Equal(["a", "b", "c"], context.Properties.Select(property => property.Value));
        Assert.Empty(context.FindPropertiesByName("absent"));
    }

    [Fact]
    public void VersionInfo_Constants_AgreeWithTheAssembly()
    {
        var assembly = typeof(VersionInfo).Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

        Assert.Equal(VersionInfo.CurrentVersion, version?.Split('+')[0]);
        Assert.Equal(VersionInfo.CurrentAssemblyVersion, assembly.GetName().Version?.ToString());
        Assert.Equal(
            VersionInfo.CurrentAssemblyFileVersion,
            assembly.GetCustomAttribute<AssemblyFileVersionAttribute>()?.Version);
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

    private sealed class PlainWriter : IAsyncStreamWriter<string>
    {
        public List<string> Written { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(string message)
        {
            Written.Add(message);
            return Task.CompletedTask;
        }
    }
}
