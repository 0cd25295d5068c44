using Mfn.Server.Configuration;
using Mfn.Server.Health;
using Mfn.Server.Lifetime;
using Mfn.Server.Tests.Configuration;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server.Tests.Secrets;

/// <summary>Secrets that change, go, and come back while a server runs.</summary>
public sealed class FollowedSecretTests : IAsyncLifetime
{
    private readonly WallClock _clock = new(DateTimeOffset.UnixEpoch);
    private readonly ServerLog _log = new();
    private RunningSettings? _settings;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_settings is not null)
        {
            await _settings.DisposeAsync();
        }

        _log.Dispose();
    }

    [Fact]
    public async Task LiveSetting_SwappedAsKubernetesDoesIt_IsFollowed_AndWhatCannotBeUsedLeavesTheLastGoodOne()
    {
        using var mounted = new MountedSecret(("steps", "5\n"));
        var inputs = await StartAsync("--Limits:MaxSteps=file:" + mounted.PathOf("steps"));
        Assert.Equal(5, Limits.MaxSteps);

        mounted.Swap(("steps", "6\n"));
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal(6, Limits.MaxSteps);

        // Half-written, empty, of another kind, and gone.
        foreach (var (content, said) in new[] { ("", "is."), ("60hunter2", "is something else."), ("0", "is something else.") })
        {
            mounted.Swap(("steps", content));
            _clock.Advance(FollowedFile.Interval);
            _clock.Advance(FollowedFile.Interval);
            Assert.Equal(6, Limits.MaxSteps);
            Assert.EndsWith(said, Assert.Single(inputs.All).Problem, StringComparison.Ordinal);
        }

        mounted.Swap();
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal((6, 1L, 7L), (Limits.MaxSteps, inputs.Secrets.Counters.Changes, inputs.Secrets.Counters.Failures));
        Assert.Contains("there is no '", Assert.Single(inputs.All).Problem, StringComparison.Ordinal);

        mounted.Swap(("steps", "7"));
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal((7, null), (Limits.MaxSteps, Assert.Single(inputs.All).Problem));
        Assert.DoesNotContain(Log, line => line.Contains("hunter2", StringComparison.Ordinal));

        // Each problem once.
        Assert.Equal(4, Log.Count(line => line.Contains("cannot be used, and what was read before stays in force: it ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task SecretThatCannotBeRead_IsToldOnce_DegradesHealth_AndSaysHowOldTheLastGoodOneIs()
    {
        using var mounted = new MountedSecret(("steps", "5"));
        var name = "file:" + mounted.PathOf("steps");
        var inputs = await StartAsync("--Limits:MaxSteps=" + name);
        var check = new ServingCheck(new ServerLifetime(), new HealthNotes(), inputs);
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(new HealthCheckContext())).Status);

        _clock.Advance(TimeSpan.FromSeconds(10));
        mounted.Swap();
        for (var i = 0; i < 30; i++)
        {
            _clock.Advance(FollowedFile.Interval);
        }

        var status = Assert.Single(inputs.All);
        Assert.Equal(("Limits:MaxSteps", DateTimeOffset.UnixEpoch.AddSeconds(10)), (status.Name, status.LastGood));
        Assert.Equal((0L, 30L), (inputs.Secrets.Counters.Changes, inputs.Secrets.Counters.Failures));
        Assert.Equal(
            $"Limits:MaxSteps cannot be used, and what was read before stays in force: it must be an existing file, but there is no '{mounted.PathOf("steps")}'. It was last good 0.00:00:02 ago.",
            Assert.Single(Log));
        var health = await check.CheckHealthAsync(new HealthCheckContext());
        Assert.Equal((HealthStatus.Degraded, "The server serves, but 1 thing needs somebody to look at it."), (health.Status, health.Description));
        Assert.Equal(
            KeyValuePair.Create("Limits:MaxSteps", (object)$"It must be an existing file, but there is no '{mounted.PathOf("steps")}'. What has been in force since 1970-01-01 00:00:00Z still is."),
            Assert.Single(health.Data));

        mounted.Swap(("steps", "5"));
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal(HealthStatus.Healthy, (await check.CheckHealthAsync(new HealthCheckContext())).Status);
        Assert.EndsWith("can be read again and is in force", Log[^1], StringComparison.Ordinal);
    }

    /// <summary>A file that names other references is followed, and so are they.</summary>
    [Fact]
    public async Task FileOfSettings_NamesAnotherReference_ThatIsFollowedFromThenOn()
    {
        using var mounted = new MountedSecret(("mfn.json", "{}"), ("one", "5"), ("two", "6"));
        mounted.Swap(("mfn.json", Json("one")), ("one", "5"), ("two", "6"));
        var inputs = await StartAsync("--config", mounted.PathOf("mfn.json"));
        Assert.Equal(5, Limits.MaxSteps);

        mounted.Swap(("mfn.json", Json("two")), ("one", "5"), ("two", "6"));
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal(6, Limits.MaxSteps);
        Assert.Equal(["--config", "Limits:MaxSteps"], inputs.All.Select(status => status.Name));

        mounted.Swap(("mfn.json", Json("two")), ("one", "5"), ("two", "7"));
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal(7, Limits.MaxSteps);

        // While one secret is gone the file may still change others.
        mounted.Swap(("mfn.json", Json("two", frames: 8)), ("one", "5"));
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal((7, 8), (Limits.MaxSteps, Limits.MaxFrames));

        string Json(string name, int frames = 9) => $$"""{ "Limits": { "MaxSteps": "file:{{mounted.PathOf(name)}}", "MaxFrames": {{frames}} } }""";
    }

    private string[] Log => [.. _log.Lines.Select(line => line.Message)];

    private LimitsOptions Limits => _settings!.Limits;

    private async Task<FollowedInputs> StartAsync(params string[] arguments)
    {
        _settings = await RunningSettings.StartAsync(_clock, _log, arguments);
        return _settings.Inputs;
    }
}
