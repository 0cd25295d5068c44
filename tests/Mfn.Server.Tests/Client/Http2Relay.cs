using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Mfn.Server.Tests.Client;

/// <summary>A real TCP relay on loopback before a server without TLS, which cuts connections where a test wants it, or passes nothing for a while.</summary>
internal sealed class Http2Relay : IAsyncDisposable
{
    private const int FrameHeaderLength = 9;

    private readonly Uri _target;
    private readonly Func<int, Http2Cut?> _cutOf;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;
    private CancellationTokenSource _dropping = new();
    private int _connectionCount;

    // Completed while bytes pass.
    private volatile TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A relay that asks for each connection, counted from 0, where to cut it; null for nowhere.</summary>
    public Http2Relay(Uri target, Func<int, Http2Cut?> cutOf)
    {
        (_target, _cutOf) = (target, cutOf);
        _open.SetResult();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    /// <summary>From here on no byte passes from server to client; the connections stay.</summary>
    public void Stall() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Bytes pass again.</summary>
    public void GoOn() => _open.TrySetResult();

    /// <summary>Cuts the connections that there are.</summary>
    public async Task DropAsync()
    {
        using var dropping = Interlocked.Exchange(ref _dropping, new CancellationTokenSource());
        await dropping.CancelAsync();
        await Task.WhenAll(_connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
        _dropping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_ending.Token);
            _connections.Add(RelayAsync(client, _cutOf(Interlocked.Increment(ref _connectionCount) - 1)));
        }
    }

    private async Task RelayAsync(TcpClient client, Http2Cut? cut)
    {
        using var server = new TcpClient();
        using (client)
        {
            await server.ConnectAsync(_target.Host, _target.Port, _ending.Token);
            var (toClient, toServer) = (client.GetStream(), server.GetStream());
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, _dropping.Token);
            var forth = toClient.CopyToAsync(toServer, ending.Token);
            var back = PassFramesAsync(toServer, toClient, cut, ending.Token);
            await Task.WhenAny(forth, back);
            await ending.CancelAsync();
            await Task.WhenAll(forth, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // As a broken network does: without a farewell.
            client.LingerState = new LingerOption(enable: true, seconds: 0);
        }
    }

    private async Task PassFramesAsync(NetworkStream source, NetworkStream destination, Http2Cut? cut, CancellationToken cancellationToken)
    {
        var header = new byte[FrameHeaderLength];
        var countOfType = 0;
        while (true)
        {
            await source.ReadExactlyAsync(header, cancellationToken);
            var frame = new byte[FrameHeaderLength + ((header[0] << 16) | (header[1] << 8) | header[2])];
            header.CopyTo(frame, 0);
            await source.ReadExactlyAsync(frame.AsMemory(FrameHeaderLength), cancellationToken);
            await _open.Task.WaitAsync(cancellationToken);
            if (header[3] == cut?.FrameType && countOfType++ == cut.Index)
            {
                await destination.WriteAsync(frame.AsMemory(0, cut.IsInside ? frame.Length / 2 : 0), cancellationToken);
                return;
            }

            await destination.WriteAsync(frame, cancellationToken);
        }
    }
}
