using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli;

namespace Mfn.Server.Tests.Runs;

/// <summary>A server that is killed and started again on the same port and data directory, and those who use it all the while.</summary>
internal sealed class KilledServer : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _dataDirectory;
    private readonly List<(long Count, TaskCompletionSource Reached)> _waiting = [];
    private ServerProcess _process;
    private TaskCompletionSource _up = Done();
    private long _eventCount;

    private KilledServer(string dataDirectory, ServerProcess process)
    {
        _dataDirectory = dataDirectory;
        _process = process;
    }

    /// <summary>The server of the moment, which may just be killed.</summary>
    public RunService.RunServiceClient Runs => Volatile.Read(ref _process).Runs;

    /// <summary>The same for every server.</summary>
    public string Address => Volatile.Read(ref _process).Address;

    public static async Task<KilledServer> StartAsync(string dataDirectory) => new(dataDirectory, await ServerProcess.StartAsync(dataDirectory));

    /// <summary>Waits until a server is there.</summary>
    public async Task<RunService.RunServiceClient> UpAsync()
    {
        await Volatile.Read(ref _up).Task;
        return Runs;
    }

    public async Task RestartAsync()
    {
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _up, up);
        using var killed = _process;
        await killed.KillAsync();
        Volatile.Write(ref _process, await ServerProcess.StartAsync(_dataDirectory, killed.Address));
        up.SetResult();
    }

    /// <summary>A message or an answer has come.</summary>
    public void Count()
    {
        lock (_lock)
        {
            _eventCount++;
            foreach (var (_, reached) in _waiting.Where(waiting => waiting.Count <= _eventCount))
            {
                reached.SetResult();
            }

            _waiting.RemoveAll(waiting => waiting.Count <= _eventCount);
        }
    }

    /// <summary>Waits until so many more messages and answers have come.</summary>
    public Task EventsAsync(int count)
    {
        lock (_lock)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (count == 0)
            {
                return Task.CompletedTask;
            }

            _waiting.Add((_eventCount + count, reached));
            return reached.Task;
        }
    }

    /// <summary>Whether the error is what a killed server's clients see, and nothing that a server has said but that the watcher was too slow.</summary>
    public static bool IsCut(RpcException error) =>
        error.StatusCode is StatusCode.Unavailable or StatusCode.Cancelled
        || (error.StatusCode == StatusCode.Internal && error.Status.Detail != "Internal error.")
        || (error.StatusCode == StatusCode.ResourceExhausted && error.Status.Detail.Contains("this watcher", StringComparison.Ordinal));

    public void Dispose() => _process.Dispose();

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}
