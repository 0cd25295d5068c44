using Grpc.Net.Client;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Runs;

/// <summary>A server that is stopped and followed by another one now and then, with or without a data directory, and those who use it all the while.</summary>
internal sealed class RestartedServer : IAsyncDisposable
{
    private readonly string[] _settings;
    private readonly List<GrpcChannel> _channels = [];
    private TestServer? _server;
    private TaskCompletionSource<RunService.RunServiceClient> _up = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RestartedServer(string[] settings) => _settings = settings;

    public Uri Address => _server!.Address;

    public static async Task<RestartedServer> StartAsync(params string[] settings)
    {
        var server = new RestartedServer(settings);
        await server.StartNextAsync();
        return server;
    }

    /// <summary>Waits until a server is there.</summary>
    public Task<RunService.RunServiceClient> UpAsync() => Volatile.Read(ref _up).Task;

    public async Task RestartAsync()
    {
        Volatile.Write(ref _up, new TaskCompletionSource<RunService.RunServiceClient>(TaskCreationOptions.RunContinuationsAsynchronously));
        await StopAsync();
        await StartNextAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }
    }

    private async Task StartNextAsync()
    {
        _server = await TestServer.StartAsync(_settings);

        // Lives longer than the server, for calls that begin just as it stops.
        var channel = _server.Connect();
        _channels.Add(channel);
        _up.SetResult(new RunService.RunServiceClient(channel));
    }

    private async Task StopAsync()
    {
        await _server!.StopAsync();
        await _server.DisposeAsync();
    }
}
