using Grpc.Core;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public sealed class CancellationTests : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _cancellation.Dispose();

    [Fact]
    public async Task Unary_CancelledByTheClient_ReachesTheHandler()
    {
        await using var server = await WaitingAsync();
        using var call = server.CreateClient().SayAsync(new EchoRequest(), cancellationToken: _cancellation.Token);

        await CancelOnceEnteredAsync();

        await AssertCancelledAsync(call.ResponseAsync);
    }

    [Fact]
    public async Task ClientStreaming_CancelledByTheClient_ReachesTheHandler()
    {
        await using var server = await WaitingAsync();
        using var call = server.CreateClient().Collect(cancellationToken: _cancellation.Token);
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();

        await CancelOnceEnteredAsync();

        await AssertCancelledAsync(call.ResponseAsync);
    }

    [Fact]
    public async Task ServerStreaming_CancelledByTheClient_ReachesTheHandler()
    {
        await using var server = await WaitingAsync();
        using var call = server.CreateClient().Repeat(new EchoRequest(), cancellationToken: _cancellation.Token);

        await CancelOnceEnteredAsync();

        await AssertCancelledAsync(call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task DuplexStreaming_CancelledByTheClient_ReachesTheHandler()
    {
        await using var server = await WaitingAsync();
        using var call = server.CreateClient().Chat(cancellationToken: _cancellation.Token);
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();

        await CancelOnceEnteredAsync();

        await AssertCancelledAsync(call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task ServerStreaming_DisposedInTheMiddle_ReachesTheHandler()
    {
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnRepeat = async (_, responses, context) =>
            {
                await responses.WriteAsync(new EchoResponse { Text = "first" });
                await WaitForCancellationAsync(context);
            },
        });
        var call = server.CreateClient().Repeat(new EchoRequest());
        Assert.True(await call.ResponseStream.MoveNext().Within());

        call.Dispose();

        await _cancelled.Task.Within();
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task ClientStreaming_DisposedInTheMiddle_EndsThePendingRead()
    {
        var readEnded = new TaskCompletionSource<Exception?>();
        await using var server = await EchoServer.StartAsync(new EchoHandlers
        {
            OnCollect = async (requests, _) =>
            {
                await requests.MoveNext();
                var pending = requests.MoveNext();
                _entered.SetResult();
                readEnded.SetResult(await Record.ExceptionAsync(() => pending));
                return new EchoResponse();
            },
        });
        var call = server.CreateClient().Collect();
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();
        await _entered.Task.Within();

        call.Dispose();

        Assert.NotNull(await readEnded.Task.Within());
    }

    [Fact]
    public async Task Token_CancelledBeforeTheCall_NeverReachesTheServer()
    {
        await using var server = await WaitingAsync();
        await _cancellation.CancelAsync();

        var error = await Assert.ThrowsAsync<RpcException>(() => server.CreateClient()
            .SayAsync(new EchoRequest(), cancellationToken: _cancellation.Token).ResponseAsync.Within());

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        Assert.False(_entered.Task.IsCompleted);
    }

    private async Task CancelOnceEnteredAsync()
    {
        await _entered.Task.Within();
        Assert.False(_cancelled.Task.IsCompleted);
        await _cancellation.CancelAsync();
    }

    private async Task AssertCancelledAsync(Task pending)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => pending.Within());
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        await _cancelled.Task.Within();
    }

    private Task<EchoServer> WaitingAsync() => EchoServer.StartAsync(new EchoHandlers
    {
        OnSay = async (_, context) => await WaitForCancellationAsync(context),
        OnCollect = async (_, context) => await WaitForCancellationAsync(context),
        OnRepeat = (_, _, context) => WaitForCancellationAsync(context),
        OnChat = (_, _, context) => WaitForCancellationAsync(context),
    });

    private async Task<EchoResponse> WaitForCancellationAsync(ServerCallContext context)
    {
        _entered.SetResult();
        await context.CancellationToken.WhenCancelledAsync();
        _cancelled.SetResult();
        return new EchoResponse();
    }
}
