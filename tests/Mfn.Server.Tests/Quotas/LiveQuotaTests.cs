using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Quotas;
using Mfn.Server.Tests.Configuration;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Quotas;

/// <summary>Quotas that change while work goes on.</summary>
public sealed class LiveQuotaTests : IDisposable
{
    private readonly WallClock _clock = new(QuotaLedgers.Start);
    private readonly KeyFile _keys = new();
    private readonly Metadata _alice;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-live-quotas-");

    public LiveQuotaTests() => _alice = new Metadata { { "authorization", $"Bearer {_keys.Add(Roles.Operator)}" } };

    private string SettingsPath => Path.Combine(_folder.FullName, "mfn.json");

    /// <summary>Who waits for a turn waits by what the quotas are now, and what was taken by the old ones is taken.</summary>
    [Theory]
    [InlineData("10000000", 2)]
    [InlineData("4000000", 5)]
    [InlineData(null, 0)]
    public async Task WaitingStream_WhoseQuotaIsRaised_WaitsForLess(string? rate, int seconds)
    {
        using var log = new ServerLog();
        Write("\"CellStepsPerSecond\": 1000000");
        await using var settings = await RunningSettings.StartAsync(_clock, log, $"--config={SettingsPath}");
        using var rules = new QuotaRules(
            settings.Monitor<IdentityQuotaOptions>(), settings.Monitor<TenantQuotaOptions>(), settings.Monitor<QuotaExceptionOptions>(), settings.Inputs, NullLogger<QuotaRules>.Instance);
        using var ledger = new QuotaLedger(rules, _clock);
        using var account = ledger.Open(QuotaLedgers.Caller("alice"));
        using var stream = account.Begin();
        Assert.Equal(TimeSpan.FromSeconds(22), stream.TakeInTurn(32_000_000));

        // At the look two seconds have passed.
        Write(rate is null ? "" : $"\"CellStepsPerSecond\": {rate}");
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Round(stream.UntilTurn));

        // Whoever comes now is behind it.
        using var next = account.Begin();
        Assert.Equal(TimeSpan.FromSeconds(rate is null ? 0 : seconds + 1), Round(next.TakeInTurn(rate is null ? 1 : long.Parse(rate, System.Globalization.CultureInfo.InvariantCulture))));
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(TimeSpan.Zero, stream.UntilTurn);
    }

    [Fact]
    public async Task WaitingStream_WhoseQuotaIsLowered_WaitsForMore()
    {
        using var log = new ServerLog();
        Write("\"CellStepsPerSecond\": 4000000");
        await using var settings = await RunningSettings.StartAsync(_clock, log, $"--config={SettingsPath}");
        using var rules = new QuotaRules(
            settings.Monitor<IdentityQuotaOptions>(), settings.Monitor<TenantQuotaOptions>(), settings.Monitor<QuotaExceptionOptions>(), settings.Inputs, NullLogger<QuotaRules>.Instance);
        using var ledger = new QuotaLedger(rules, _clock);
        using var account = ledger.Open(QuotaLedgers.Caller("alice"));
        using var stream = account.Begin();
        Assert.Equal(TimeSpan.FromSeconds(10), stream.TakeInTurn(80_000_000));

        Write("\"CellStepsPerSecond\": 1000000");
        _clock.Advance(FollowedFile.Interval);

        Assert.Equal(TimeSpan.FromSeconds(32), Round(stream.UntilTurn));
    }

    /// <summary>At the old quota it would take more than ten minutes.</summary>
    [Fact]
    public async Task Server_QuotaIsRaised_LetsAStreamInThatWaits()
    {
        Write("\"CellStepsPerSecond\": 1000000, \"BurstTime\": \"00:00:01\"");
        await using var server = await TestServer.StartAsync(_keys.Setting, $"config={SettingsPath}");
        using var call = server.Simulation.StreamSimulation(
            new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 256, Steps = 10_000 }, EveryNSteps = 1000 }, _alice);
        await Patience.UntilAsync(() => Task.FromResult(server.Simulations.Active.Count > 0));

        Write("\"CellStepsPerSecond\": 1000000000000");

        while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
        {
        }

        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Server_QuotaIsLowered_RefusesNewWorkAndLeavesWhatIsThere()
    {
        Write("\"LiveRuns\": 2");
        await using var server = await TestServer.StartAsync(_keys.Setting, $"config={SettingsPath}");
        var run = await CreateAsync(server);

        // Wrong in one place: nothing of it is taken.
        Write("\"LiveRuns\": 1, \"OpenCalls\": 0");
        await Patience.UntilAsync(async () => (await server.HealthChecks.CheckHealthAsync()).Entries["serving"].Data.Count > 0);
        var second = await CreateAsync(server);
        Assert.NotNull(second);
        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = second }, _alice);

        Write("\"LiveRuns\": 1");
        await Patience.UntilAsync(async () =>
        {
            if (await CreateAsync(server) is not { } another)
            {
                return true;
            }

            await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = another }, _alice);
            return false;
        });
        Assert.Equal(run, Assert.Single((await server.Runs.ListRunsAsync(new ListRunsRequest(), _alice)).Runs).RunId);

        Write("\"LiveRuns\": 3");
        await Patience.UntilAsync(async () => await CreateAsync(server) is not null);
    }

    public void Dispose()
    {
        _keys.Dispose();
        _folder.Delete(recursive: true);
    }

    // Sums of parts of ticks.
    private static TimeSpan Round(TimeSpan time) => TimeSpan.FromMilliseconds(Math.Round(time.TotalMilliseconds));

    /// <summary>The id of a new run; null if there are too many.</summary>
    private async Task<string?> CreateAsync(TestServer server)
    {
        try
        {
            return (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 4 }, Stop = new StopCondition { Never = true }, StepsPerSecond = 1 }, _alice)).Run.RunId;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.ResourceExhausted)
        {
            return null;
        }
    }

    private void Write(string identityQuotas)
    {
        File.WriteAllText(SettingsPath + ".new", $$"""{ "Auth": { "Quotas": { "Identity": { {{identityQuotas}} } } } }""");
        File.Move(SettingsPath + ".new", SettingsPath, overwrite: true);
    }
}
