using System.Net;
using Google.Protobuf;

namespace Mfn.Benchmarks.Watching;

/// <summary>Watches that read side by side as fast as they can, each on its own connection, until they are disposed.</summary>
internal sealed class WatchPopulation : IAsyncDisposable
{
    // Connections that are being opened at a time: more would overflow the listener's queue.
    private const int OpeningCount = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _leaving = new();
    private readonly List<Task> _readers = [];

    private WatchPopulation(IRawWatch[] watches) => Watches = watches;

    public IReadOnlyList<IRawWatch> Watches { get; }

    public long ByteCount => Watches.Sum(watch => watch.ByteCount);

    public long FieldCount => Watches.Sum(watch => watch.FieldCount);

    /// <summary>Opens the calls, and returns when each has brought a message.</summary>
    /// <param name="count">How many.</param>
    /// <param name="address">Where the server listens, without TLS.</param>
    /// <param name="path">The method, as in /package.Service/Method.</param>
    /// <param name="request">The request of the watch of an index.</param>
    /// <param name="onMessage">Gets the messages of the watch of an index.</param>
    public static Task<WatchPopulation> OpenAsync(
        int count, IPEndPoint address, string path, Func<int, IMessage> request, Action<int, ReadOnlyMemory<byte>>? onMessage = null) =>
        OpenAsync(count, async index => await RawWatch.OpenAsync(address, path, request(index), bufferSize: BufferSize(count)), onMessage);

    /// <summary>The bytes that each of so many watches reads at once.</summary>
    public static int BufferSize(int count) => count > 100 ? 32 * 1024 : 256 * 1024;

    /// <summary>The same of watches that somebody opens.</summary>
    public static async Task<WatchPopulation> OpenAsync(int count, Func<int, Task<IRawWatch>> openAsync, Action<int, ReadOnlyMemory<byte>>? onMessage = null)
    {
        var watches = new IRawWatch[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = OpeningCount }, async (index, _) =>
        {
            watches[index] = await openAsync(index);
            watches[index].OnMessage = onMessage is null ? null : message => onMessage(index, message);
        });
        var population = new WatchPopulation(watches);
        population._readers.AddRange(watches.Select(population.ReadAsync));
        await population.WaitUntilAsync(() => watches.All(watch => watch.MessageCount > 0));
        return population;
    }

    /// <summary>Looks every few milliseconds.</summary>
    /// <exception cref="TimeoutException">It did not happen.</exception>
    public async Task WaitUntilAsync(Func<bool> hasHappened)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var deadline = DateTime.UtcNow + Patience;
        while (!hasHappened())
        {
            if (_readers.Find(reader => reader.IsFaulted) is { } faulted)
            {
                await faulted;
            }

            if (DateTime.UtcNow > deadline)
            {
                throw new TimeoutException($"What the watches wait for has not come within {Patience}.");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await Task.WhenAll(_readers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var watch in Watches)
        {
            watch.Dispose();
        }

        _leaving.Dispose();
    }

    private async Task ReadAsync(IRawWatch watch)
    {
        // Not all on the thread that opens them.
        await Task.Yield();
        while (await watch.ReadAsync(_leaving.Token))
        {
        }

        throw new IOException("A watch ended.");
    }
}
