using Grpc.Core;
using Mfn.Server.Tests.GrpcStack.Wire;

namespace Mfn.Server.Tests.GrpcStack;

public class MessageSizeTests
{
    private const int Limit = 1024;

    [Theory]
    [InlineData(Limit / 2, StatusCode.OK)]
    [InlineData(Limit * 2, StatusCode.ResourceExhausted)]
    public async Task Server_RequestAgainstItsLimit_AcceptsOrRefuses(int length, StatusCode expected)
    {
        await using var server = await EchoServer.StartAsync(
            configure: options => options.MaxReceiveMessageSize = Limit);

        Assert.Equal(expected, await StatusOfAsync(server.CreateClient(), length));
    }

    [Theory]
    [InlineData(Limit / 2, StatusCode.OK)]
    [InlineData(Limit * 2, StatusCode.ResourceExhausted)]
    public async Task Client_ResponseAgainstItsLimit_AcceptsOrRefuses(int length, StatusCode expected)
    {
        await using var server = await EchoServer.StartAsync();
        var client = server.CreateClient(options => options.MaxReceiveMessageSize = Limit);

        Assert.Equal(expected, await StatusOfAsync(client, length));
    }

    private static async Task<StatusCode> StatusOfAsync(EchoService.EchoServiceClient client, int length)
    {
        using var call = client.SayAsync(new EchoRequest { Text = new string('x', length) });
        await Record.ExceptionAsync(() => call.ResponseAsync.Within());
        return call.GetStatus().StatusCode;
    }
}
