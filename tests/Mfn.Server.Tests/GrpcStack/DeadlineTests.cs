using Grpc.Core;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public class DeadlineTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(2000);

    [Fact]
    public async Task Deadline_SetByTheClient_IsSeenByTheHandler()
    {
        var seen = new TaskCompletionSource<DateTime>();
        await using var server = await SeeingDeadlineAsync(seen);
        var deadline = DateTime.UtcNow + TimeSpan.FromHours(1);

        await server.CreateClient().SayAsync(new EchoRequest(), deadline: deadline).ResponseAsync.Within();

        // The wire carries the time left, so the clock moves it by as long as the request travels.
        Assert.Equal(deadline, await seen.Task.Within(), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Deadline_NotSet_IsTheEndOfTime()
    {
        var seen = new TaskCompletionSource<DateTime>();
        await using var server = await SeeingDeadlineAsync(seen);

        await server.CreateClient().SayAsync(new EchoRequest()).ResponseAsync.Within();

        Assert.Equal(DateTime.MaxValue, await seen.Task.Within());
    }

    [Fact]
    public async Task UnaryCall_PastItsDeadline_EndsAtBothSides()
    {
        var cancelled = new TaskCompletionSource();
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnSay = async (_, context) =>
            {
                await context.CancellationToken.WhenCancelledAsync();
                cancelled.SetResult();
                return new EchoResponse();
            },
        });

        var error = await Assert.ThrowsAsync<RpcException>(() => server.CreateClient()
            .SayAsync(new EchoRequest(), deadline: DateTime.UtcNow + Short).ResponseAsync.Within());

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await cancelled.Task.Within();
    }

    [Fact]
    public async Task StreamingCall_PastItsDeadline_EndsAtBothSides()
    {
        var cancelled = new TaskCompletionSource();
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnRepeat = async (_, _, context) =>
            {
                await context.CancellationToken.WhenCancelledAsync();
                cancelled.SetResult();
            },
        });
        using var call = server.CreateClient().Repeat(new EchoRequest(), deadline: DateTime.UtcNow + Short);

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().Within());

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await cancelled.Task.Within();
    }

    [Fact]
    public async Task Server_ClientThatKeepsWaiting_EndsTheCallItself()
    {
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnSay = async (_, context) =>
            {
                await context.CancellationToken.WhenCancelledAsync();
                return new EchoResponse();
            },
        });

        var answer = await RawCall.PostAsync(
            server.Address,
            "/mfn.test.v1.EchoService/Say",
            new EchoRequest(),
            ["grpc-timeout", "200m"]);

        Assert.Equal("4", answer.Headers["grpc-status"]);
        Assert.Empty(answer.Body);
    }

    private static Task<EchoServer> SeeingDeadlineAsync(TaskCompletionSource<DateTime> seen) =>
        EchoServer.StartAsync(new EchoHandlers
        {
            OnSay = (_, context) =>
            {
                seen.SetResult(context.Deadline);
                return Task.FromResult(new EchoResponse());
            },
        });
}
