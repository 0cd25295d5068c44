using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.AspNetCore.Http;
using SimulationService = Mfn.Contracts.V1.SimulationService;

namespace Mfn.Server.Tests.Client;

/// <summary>Which calls a client makes again, and which it does not since the server may be at them.</summary>
public sealed class RetryTests
{
    private static readonly ComputeNernstPotentialRequest Nernst = new() { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 };

    public static TheoryData<string, Func<HttpContext, Task>> Failures => new()
    {
        { "502", ProxyAnswers.Page(502) },
        { "503", ProxyAnswers.Page(503) },
        { "504", ProxyAnswers.Page(504) },
        { "UNAVAILABLE", ProxyAnswers.Status(StatusCode.Unavailable) },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Computation_FailureBehindWhichItMayGoOn_IsNotMadeAgain(string name, Func<HttpContext, Task> failure)
    {
        var proxy = new ProxyAnswers(count: 1, failure);
        await using var server = await proxy.StartServerAsync();
        using var client = Connect(server.Address);

        var error = await Assert.ThrowsAsync<RpcException>(() => client.ValidateAsync(new ValidateRequest()));

        Assert.True(error.StatusCode == StatusCode.Unavailable, name);
        Assert.Equal(1, proxy.CallCount);
    }

    [Fact]
    public async Task StreamSimulation_504_IsNotMadeAgain()
    {
        var proxy = new ProxyAnswers(count: 1, ProxyAnswers.Page(504));
        await using var server = await proxy.StartServerAsync();
        using var client = Connect(server.Address);

        var error = await Assert.ThrowsAsync<RpcException>(() => CountFramesAsync(client));

        Assert.Equal((StatusCode.Unavailable, 1), (error.StatusCode, proxy.CallCount));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task LookUp_AnyFailureThatMayPass_IsMadeAgain(string name, Func<HttpContext, Task> failure)
    {
        var proxy = new ProxyAnswers(count: 3, failure);
        await using var server = await proxy.StartServerAsync();
        using var client = Connect(server.Address);

        var answer = await client.ComputeNernstPotentialAsync(Nernst);

        Assert.True(answer.PotentialMillivolts < 0, name);
        Assert.Equal(4, proxy.CallCount);
    }

    [Fact]
    public async Task Call_ServerThatSaysWhenToTryAgain_IsMadeAgainUpToTheLimit()
    {
        var proxy = new ProxyAnswers((position, _) => position is not (2 or 5), ProxyAnswers.Status(StatusCode.Unavailable, TimeSpan.Zero));
        await using var server = await proxy.StartServerAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, MaxTries = 3 });

        Assert.Equal(3, (await client.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { Steps = 3 } })).Summary.Spec.Steps);
        Assert.Equal(3, proxy.CallCount);
        Assert.Equal(4, await CountFramesAsync(client));
        Assert.Equal(6, proxy.CallCount);
        var error = await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(new SimulateRequest()));
        Assert.Equal((StatusCode.Unavailable, 9), (error.StatusCode, proxy.CallCount));
    }

    [Fact]
    public async Task Call_ThatMayHaveChangedSomething_IsNeverMadeAgain()
    {
        var proxy = new ProxyAnswers(count: 3, ProxyAnswers.Status(StatusCode.Unavailable, TimeSpan.Zero));
        await using var server = await proxy.StartServerAsync();
        using var client = Connect(server.Address);

        await Assert.ThrowsAsync<RpcException>(() => client.Runs.CreateAsync(new CreateRunRequest()));
        await Assert.ThrowsAsync<RpcException>(() => client.Runs.ForkAsync(new ForkRunRequest()));
        await Assert.ThrowsAsync<RpcException>(() => client.Runs.DeleteAsync("x"));

        Assert.Equal(3, proxy.CallCount);
    }

    [Fact]
    public async Task Call_ConnectionCutBeforeTheAnswer_IsMadeAgainIfItIsALookUp()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Http2Relay(server.Address, _ => Http2Cut.BeforeAnswer);
        using var client = Connect(relay.Address);

        await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(new SimulateRequest()));
        Assert.Equal(1, relay.ConnectionCount);
        await Assert.ThrowsAsync<RpcException>(() => client.ComputeNernstPotentialAsync(Nernst));
        Assert.Equal(1 + 4, relay.ConnectionCount);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("http://nowhere.invalid:1")]
    public async Task Call_NoConnection_IsMadeAgainWhateverItDoes(string address)
    {
        var calls = new CallCounter();
        using var channel = GrpcChannel.ForAddress(address);
        var client = new SimulationService.SimulationServiceClient(channel.Intercept(calls).Intercept(new RetryInterceptor(new MfnClientOptions { Address = new Uri(address) }, new InstantClock())));

        await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(new SimulateRequest()).ResponseAsync.Within());
        Assert.Equal(4, calls.Count);
        using var call = client.StreamSimulation(new StreamSimulationRequest());
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(8, calls.Count);
    }

    [Fact]
    public async Task Call_CancelledWhileItWaits_IsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        var proxy = new ProxyAnswers((_, _) => true, async call =>
        {
            await ProxyAnswers.Status(StatusCode.Unavailable, TimeSpan.FromHours(1))(call);
            call.Response.OnCompleted(cancellation.CancelAsync);
        });
        await using var server = await proxy.StartServerAsync();
        using var client = Connect(server.Address);

        var error = await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(new SimulateRequest(), cancellation.Token).Within());

        Assert.Equal((StatusCode.Cancelled, 1), (error.StatusCode, proxy.CallCount));
    }

    private static MfnClient Connect(Uri address) => new(new MfnClientOptions { Address = address });

    private static async Task<int> CountFramesAsync(MfnClient client)
    {
        var count = 0;
        await foreach (var response in client.StreamSimulationAsync(new StreamSimulationRequest { Spec = new SimulationSpec { Steps = 3 } }))
        {
            count++;
        }

        return count;
    }

    private sealed class CallCounter : Interceptor
    {
        public int Count { get; private set; }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            Count++;
            return continuation(request, context);
        }

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            Count++;
            return continuation(request, context);
        }
    }
}
