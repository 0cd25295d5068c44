using System.Globalization;
using System.Threading.Channels;
using Grpc.Core;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>
/// Steers a watched run on behalf of somebody at a keyboard, one command after the other, and asks again and again how the run is. What comes of it is told
/// in words; nothing is thrown.
/// </summary>
internal sealed class RunControl : IAsyncDisposable
{
    /// <summary>What an injection adds: the mean amplitude of a growth event.</summary>
    public const double InjectionMillivolts = 20;

    private const int MostWaiting = 8;

    // What a run that goes as fast as it can becomes when it shall be slower.
    private const double FirstPace = 100;
    private static readonly double[] Paces = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly RunClient _runs;
    private readonly string _runId;
    private readonly RunSteering _steering;
    private readonly CancellationTokenSource _leaving = new();

    // Keys that are pressed faster than the server answers are as good as not pressed.
    private readonly Channel<Func<Task<string>>> _waiting = Channel.CreateBounded<Func<Task<string>>>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private Task _working = Task.CompletedTask;

    public RunControl(RunClient runs, string runId)
    {
        (_runs, _runId) = (runs, runId);

        // Whoever presses a key wants to hear at once that it was in vain.
        _steering = runs.Steer(runId, new ReconnectOptions { Patience = TimeSpan.Zero, MaxSilence = TimeSpan.FromSeconds(10) });
    }

    /// <summary>Begins: tells how the run is, now and whenever it is asked again, and what became of commands.</summary>
    public void Start(Action<Run> tellRun, Action<string> tellOutcome) => _working = Task.WhenAll(RefreshAsync(tellRun), WorkAsync(tellRun, tellOutcome));

    /// <summary>Stops a run that takes steps; lets one go on that does not.</summary>
    public void PauseOrResume() => _waiting.Writer.TryWrite(async () =>
    {
        var run = await GetAsync();
        return run.State == RunState.Running
            ? await SendAsync(new Wire.RunCommand { Pause = new Pause() }, "paused")
            : await SendAsync(new Wire.RunCommand { Resume = new Resume() }, "resumed");
    });

    /// <summary>Takes one step, then pauses.</summary>
    public void Step() => _waiting.Writer.TryWrite(() => SendAsync(new Wire.RunCommand { TakeSteps = new TakeSteps { Steps = 1 } }, ""));

    /// <summary>Goes on at the next higher or lower pace of 1, 2, 5, 10 and so on steps a second; above 1000 as fast as possible.</summary>
    public void ChangePace(bool isFaster) => _waiting.Writer.TryWrite(async () =>
    {
        var run = await GetAsync();
        var pace = NextPace(run.StepsPerSecond, isFaster);
        var command = new SetPace();
        if (pace > 0)
        {
            command.StepsPerSecond = pace;
        }

        // The view shows the pace of a run that takes steps.
        var outcome = pace == 0 ? "as fast as possible" : run.State == RunState.Running ? "" : string.Create(CultureInfo.InvariantCulture, $"{pace:0.###} steps/s");
        return await SendAsync(new Wire.RunCommand { SetPace = command }, outcome);
    });

    /// <summary>Raises the potential of some cells; or the concentration of a species, by so much.</summary>
    public void Inject(CellArea area, (string Species, double Amount)? concentration) => _waiting.Writer.TryWrite(() => concentration is var (species, amount)
        ? SendAsync(
            new Wire.RunCommand { AddToSpecies = new AddToSpecies { Region = area.ToRegion(), Species = species, Amount = amount } },
            string.Create(CultureInfo.InvariantCulture, $"added {amount:G3} of {species} to {area.RowCount} x {area.ColumnCount} cells"))
        : SendAsync(
            new Wire.RunCommand { AddPotential = new AddPotential { Region = area.ToRegion(), Millivolts = InjectionMillivolts } },
            string.Create(CultureInfo.InvariantCulture, $"added {InjectionMillivolts} mV to {area.RowCount} x {area.ColumnCount} cells")));

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        _waiting.Writer.TryComplete();
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _steering.Dispose();
        _leaving.Dispose();
    }

    // 0 is as fast as possible.
    private static double NextPace(double pace, bool isFaster) => (pace, isFaster) switch
    {
        (0, true) => 0,
        (0, false) => FirstPace,
        (_, true) => Paces.FirstOrDefault(step => step > pace),
        _ => Paces.LastOrDefault(step => step < pace, pace),
    };

    private async Task RefreshAsync(Action<Run> tellRun)
    {
        using var timer = new PeriodicTimer(RefreshInterval);
        do
        {
            try
            {
                tellRun(await GetAsync());
            }
            catch (RpcException)
            {
                // The watcher's stream tells why the server is away or the run gone.
            }
        }
        while (await timer.WaitForNextTickAsync(_leaving.Token));
    }

    private async Task WorkAsync(Action<Run> tellRun, Action<string> tellOutcome)
    {
        await foreach (var work in _waiting.Reader.ReadAllAsync(_leaving.Token))
        {
            try
            {
                tellOutcome(await work());
                tellRun(await GetAsync());
            }
            catch (Exception error) when (error is RpcException or InvalidDataException)
            {
                tellOutcome(error is RpcException { Status: var status } ? $"{WireName.Of(status.StatusCode)}: {status.Detail}" : error.Message);
            }
        }
    }

    private Task<Run> GetAsync() => _runs.GetAsync(_runId, _leaving.Token);

    private async Task<string> SendAsync(Wire.RunCommand command, string outcome)
    {
        var response = await _steering.SendAsync(command, _leaving.Token);
        return response.Refused is { } refusal ? $"refused: {refusal.Message}" : outcome;
    }
}
