using System.Globalization;
using System.Text.Json.Nodes;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Configuration;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Configuration;

/// <summary>The file of settings that changes while a server runs.</summary>
public sealed class SettingsFollowerTests : IAsyncLifetime
{
    private const int EditCount = 1000;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"mfn-follow-{Guid.NewGuid():N}.json");
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

        File.Delete(_path);
    }

    /// <summary>1000 random edits, every other one wrong in some way: what is in force is always the last one that was right, all of it.</summary>
    [Fact]
    public async Task RandomEdits_HalfOfThemWrong_TheLastRightOneIsInForce()
    {
        using var issuer = new TestIssuer();
        var keySet = Path.ChangeExtension(_path, "jwks");
        await File.WriteAllTextAsync(keySet, issuer.KeySet);
        var random = new Random(18);
        var expected = new Dictionary<string, string>();
        var live = Settings.All.Where(setting => setting.IsLive).ToArray();
        Assert.True(live.Length >= 35, $"Only {live.Length} settings are live.");
        await StartAsync(Nest(Fixed(keySet, [])).ToJsonString());
        for (var i = 0; i < EditCount; i++)
        {
            var drawn = live.OrderBy(_ => random.Next()).Take(1 + random.Next(live.Length)).ToDictionary(setting => setting.Name, setting => Draw(random, setting));

            // Some of them need others, either is within the other, and not above the memory of any machine.
            var values = new Dictionary<string, JsonNode>(drawn) { ["Auth:Jwt:Audience"] = $"mfn-{i}", ["Auth:Proxies:Addresses"] = $"10.0.0.{random.Next(256)}" };
            values["Limits:MaxAggregationBytes"] = (1 << 20) + random.Next(1 << 20);
            values["Limits:MaxTotalAggregationBytes"] = (2 << 20) + random.Next(1 << 20);
            var file = Nest(Fixed(keySet, values));
            var isRight = i % 2 == 0;
            await File.WriteAllTextAsync(_path, isRight ? file.ToJsonString() : Spoil(random, file));

            _clock.Advance(FollowedFile.Interval);

            if (isRight)
            {
                expected = values.ToDictionary(each => each.Key, each => each.Value.ToString());
            }

            Assert.All(live, setting => Assert.Equal(
                (i, setting.Name, expected.GetValueOrDefault(setting.Name, setting.Default == "none" ? "" : setting.Default!)),
                (i, setting.Name, Convert.ToString(_settings!.Find(setting), CultureInfo.InvariantCulture) ?? ""),
                IgnoreCase));
        }

        File.Delete(keySet);

        Assert.Equal(EditCount / 2, Log.Count(line => line.StartsWith("Settings have changed: ", StringComparison.Ordinal)));
        Assert.Equal(EditCount / 2, Log.Count(line => line.Contains("cannot be used, and what was read before stays in force", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task SettingThatIsNotLive_WaitsForTheNextStart_AndTheOthersAreTaken()
    {
        await StartAsync("""{ "Limits": { "MaxSteps": 5 } }""");

        await File.WriteAllTextAsync(_path, """{ "Limits": { "MaxSteps": 6, "MaxConnections": 20 } }""");
        _clock.Advance(FollowedFile.Interval);
        _clock.Advance(FollowedFile.Interval);

        Assert.Equal((6, 10_000), (Limits.MaxSteps, Limits.MaxConnections));
        Assert.Equal(["Settings have changed: Limits:MaxSteps", "Settings have changed that are taken when the server starts again: Limits:MaxConnections"], Log[..2]);
        Assert.Equal(3, Log.Length);
    }

    /// <summary>What is right by itself may not fit what the server has until it starts again.</summary>
    [Fact]
    public async Task SettingThatDoesNotFitTheRunningOnes_IsRefused()
    {
        await StartAsync("""{ "Limits": { "MaxMemoryBytes": 1073741824 } }""");

        await File.WriteAllTextAsync(_path, """{ "Limits": { "MaxMemoryBytes": 4294967296, "MaxTotalAggregationBytes": 2147483648, "MaxSteps": 6 } }""");
        _clock.Advance(FollowedFile.Interval);

        Assert.Equal((10_000, 4L << 30), (Limits.MaxSteps, Limits.MaxTotalAggregationBytes));
        Assert.Contains("' has settings that do not fit those that the server has until it starts again: ", Assert.Single(Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileThatGoesAndComesBack_LeavesTheLastOneInForce()
    {
        await StartAsync("""{ "Limits": { "MaxSteps": 5 } }""");

        File.Delete(_path);
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal(5, Limits.MaxSteps);

        await File.WriteAllTextAsync(_path, """{ "Limits": { "MaxSteps": 7 } }""");
        _clock.Advance(FollowedFile.Interval);
        Assert.Equal(7, Limits.MaxSteps);
    }

    [Fact]
    public async Task Server_FileChanges_AllowsWhatItSaysAndLogsWhatItSays()
    {
        await File.WriteAllTextAsync(_path, """{ "Limits": { "MaxSteps": 5 }, "Logging": { "LogLevel": { "Mfn": "Error" } } }""");
        await using var app = MfnServer.Build("--urls=http://127.0.0.1:0", $"--config={_path}");
        await app.StartAsync();
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(app.Urls.Single());
        var client = new SimulationService.SimulationServiceClient(channel);
        var request = new SimulateRequest { Spec = new SimulationSpec { GridSize = 4, Steps = 6 } };
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Mfn.Test");
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(request).ResponseAsync)).StatusCode);
        Assert.False(logger.IsEnabled(LogLevel.Warning));

        await File.WriteAllTextAsync(_path, """{ "Limits": { "MaxSteps": 6 }, "Logging": { "LogLevel": { "Mfn": "Debug" } } }""");

        await SucceedAsync().WaitAsync(TimeSpan.FromMinutes(1));
        await app.StopAsync();

        // Asks until it may.
        async Task SucceedAsync()
        {
            while (true)
            {
                try
                {
                    await client.SimulateAsync(request);
                    break;
                }
                catch (RpcException error) when (error.StatusCode == StatusCode.InvalidArgument)
                {
                    await Task.Yield();
                }
            }

            // Those who follow the settings learn of a change one after the other.
            while (!logger.IsEnabled(LogLevel.Debug))
            {
                await Task.Yield();
            }
        }
    }

    // The truth has another one in a file.
    private static bool IgnoreCase((int Edit, string Name, string Value) one, (int Edit, string Name, string Value) other) =>
        (one.Edit, one.Name) == (other.Edit, other.Name) && one.Value.Equals(other.Value, StringComparison.OrdinalIgnoreCase);

    private string[] Log => [.. _log.Lines.Select(line => line.Message)];

    private LimitsOptions Limits => _settings!.Limits;

    private async Task StartAsync(string file)
    {
        await File.WriteAllTextAsync(_path, file);
        _settings = await RunningSettings.StartAsync(_clock, _log, $"--config={_path}");
    }

    /// <summary>With what a server must have besides for all that is live.</summary>
    private static Dictionary<string, JsonNode> Fixed(string keySet, Dictionary<string, JsonNode> values) => new(values)
    {
        ["Auth:Jwt:KeySetFile"] = keySet,
        ["Auth:Jwt:Issuer"] = TestIssuer.Name,
        ["Auth:Jwt:Audience"] = values.GetValueOrDefault("Auth:Jwt:Audience", "mfn"),
        ["Auth:Proxies:Addresses"] = values.GetValueOrDefault("Auth:Proxies:Addresses", "10.0.0.0/8"),
        ["Auth:Proxies:CertificateHeader"] = "x-client-cert",
    };

    private static JsonNode Draw(Random random, Setting setting) => setting.IsSwitch ? random.Next(2) == 0
        : setting.Name.EndsWith(":Algorithms", StringComparison.Ordinal) ? random.Next(2) == 0 ? "RS256" : "ES384 PS512"
        : setting.Name == "Logging:Requests" ? random.Next(2) == 0 ? "all" : "mfn.v1.RunService, mfn.v1.FeatureService"
        : !setting.HasRange ? $"claim-{random.Next(100)}"
        : setting.IsTime ? new TimeSpan(random.NextInt64(((TimeSpan)setting.Least!).Ticks, ((TimeSpan)setting.Most!).Ticks + 1)).ToString("c", CultureInfo.InvariantCulture)
        : random.NextInt64((long)setting.Least!, (long)setting.Most! + 1);

    private static JsonObject Nest(Dictionary<string, JsonNode> values)
    {
        var root = new JsonObject();
        foreach (var (name, value) in values)
        {
            var place = root;
            foreach (var section in name.Split(':')[..^1])
            {
                place = (JsonObject)(place[section] ??= new JsonObject());
            }

            place[name.Split(':')[^1]] = value.DeepClone();
        }

        return root;
    }

    private static string Spoil(Random random, JsonObject file)
    {
        var text = file.ToJsonString();
        switch (random.Next(7))
        {
            case 0:
                // Half-written.
                return text[..(1 + random.Next(text.Length - 2))];
            case 1:
                return "";
            case 2:
                file[LimitsOptions.Section]!["MaxStep"] = 5 + random.Next(1_000_000);
                return file.ToJsonString();
            case 3:
                file[LimitsOptions.Section]!["MaxTotalAggregationBytes"] = (1 << 20) - 1 - random.Next(1000);
                return file.ToJsonString();
            case 4:
                file["Auth"]!["Quotas"] = new JsonObject { ["Identity"] = new JsonObject { ["LiveRuns"] = -1 - random.Next(1000) } };
                return file.ToJsonString();
            case 5:
                // It does not start without.
                ((JsonObject)file["Auth"]!["Jwt"]!).Remove("Audience");
                return file.ToJsonString();
            default:
                // Each is right, and both together are not.
                file[LimitsOptions.Section]!["MaxAggregationBytes"] = (4 << 20) + random.Next(1 << 20);
                return file.ToJsonString();
        }
    }
}
