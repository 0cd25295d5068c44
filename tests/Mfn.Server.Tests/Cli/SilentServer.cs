using System.Net;
using System.Net.Sockets;

namespace Mfn.Server.Tests.Cli;

/// <summary>Accepts connections and says nothing, or one thing, on them.</summary>
internal sealed class SilentServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly byte[] _greeting;
    private readonly Task _accepting;

    public SilentServer(string greeting = "")
    {
        _greeting = System.Text.Encoding.ASCII.GetBytes(greeting);
        _listener.Start();
        Address = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _accepting = AcceptAsync();
    }

    public string Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<TcpClient>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                open.Add(client);
                if (_greeting.Length > 0)
                {
                    await client.GetStream().WriteAsync(_greeting, _stopping.Token);
                    client.Client.Shutdown(SocketShutdown.Send);
                }
            }
        }
        catch (OperationCanceledException)
        {
            open.ForEach(client => client.Dispose());
        }
    }
}
