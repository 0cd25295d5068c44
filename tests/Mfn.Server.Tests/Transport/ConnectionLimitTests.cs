using System.Net.Sockets;
using Grpc.Health.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Transport;

public sealed class ConnectionLimitTests
{
    [Fact]
    public async Task Connection_OneTooMany_IsClosedAndTheOthersAreServed()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConnections=16");
        Assert.NotNull(await server.Health.CheckAsync(new HealthCheckRequest()));
        var idle = Enumerable.Range(0, 15).Select(_ => new TcpClient()).ToList();
        foreach (var client in idle)
        {
            await client.ConnectAsync("127.0.0.1", server.Address.Port);
        }

        using var oneTooMany = new TcpClient();
        await oneTooMany.ConnectAsync("127.0.0.1", server.Address.Port);
        Assert.Equal(0, await ReadAsync(oneTooMany).Within());

        Assert.NotNull(await server.Health.CheckAsync(new HealthCheckRequest()));
        idle.ForEach(client => client.Dispose());
    }

    /// <summary>The bytes of the next read; 0 once the server has closed the connection, in whatever way.</summary>
    private static async Task<int> ReadAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1]);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
