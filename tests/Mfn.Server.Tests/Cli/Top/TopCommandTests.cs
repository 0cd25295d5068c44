using System.Text.Json;
using Json.Schema;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Cli.Top;

/// <summary><c>mfn top</c> against a server, into a pipe.</summary>
public sealed class TopCommandTests
{
    private const string AnyPort = "Metrics:Url=http://127.0.0.1:0";

    [Fact]
    public async Task Once_TellsOfRunsMethodsAndWatchers()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 16 }, StepsPerSecond = 20, Stop = new StopCondition { Never = true }, Name = "lab" })).Run;
        using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId });
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
        string[] line = ["top", "--once", "--interval", "1", "--server", server.Address.ToString(), "--metrics", server.MetricsUrl!];

        var (exitCode, output, error) = await InProcess.RunAsync(line);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("1 running", output, StringComparison.Ordinal);
        Assert.Matches($@"{run.RunId[..8]} +lab +running +[0-9]+ +[0-9.]+ +1 +256", output);
        Assert.Matches("WatchRun +0 +0 +1 ", output);

        var (_, json, _) = await InProcess.RunAsync([.. line, "--json"]);
        using var answer = JsonDocument.Parse(json);
        var told = answer.RootElement;
        Assert.Equal((1, 1), (told.GetProperty("runs").GetProperty("running").GetInt32(), told.GetProperty("watchers").GetProperty("count").GetInt32()));
        Assert.InRange(told.GetProperty("runs").GetProperty("steps_per_second").GetDouble(), 2, 200);
        var live = Assert.Single(told.GetProperty("live_runs").EnumerateArray().ToList());
        Assert.InRange(live.GetProperty("steps_per_second").GetDouble(), 2, 200);
        Assert.Equal("the server has no data directory", told.GetProperty("disk").GetProperty("undefined").GetProperty("free_bytes").GetString());
    }

    [Fact]
    public async Task Count_IsALineAnInterval()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        string[] line = ["top", "--interval", "0.1", "--count", "3", "--server", server.Address.ToString(), "--metrics", server.MetricsUrl!];

        var (exitCode, text, error) = await InProcess.RunAsync(line);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(3, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(each => each.Contains("  ready  calls ", StringComparison.Ordinal)));

        var (_, json, _) = await InProcess.RunAsync([.. line, "-o", "jsonl"]);
        Assert.Equal(3, json.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    /// <summary>A server that goes is told, and its figures come again when it does.</summary>
    [Fact]
    public async Task ServerAway_IsToldUntilItIsBack()
    {
        var server = await TestServer.StartAsync(AnyPort);
        var (address, metrics) = (server.Address, server.MetricsUrl!);
        using var process = MfnProcess.Start("top", "--interval", "0.2", "-o", "jsonl", "--server", address.ToString(), "--metrics", metrics);
        Assert.Null(await NextAsync());

        await server.DisposeAsync();
        string? away;
        while ((away = await NextAsync()) is null)
        {
        }

        Assert.NotEmpty(away);
        await using var back = await TestServer.StartAsync($"Metrics:Url={metrics}", $"Urls={address}");
        while (await NextAsync() is not null)
        {
        }

        process.Terminate();

        async Task<string?> NextAsync()
        {
            var line = await process.Output.ReadLineAsync().Within();
            Assert.NotNull(line);
            using var answer = JsonDocument.Parse(line);
            var schema = JsonSchema.FromText(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Schemas", "top.json")));
            Assert.True(schema.Evaluate(answer.RootElement).IsValid, line);
            return answer.RootElement.GetProperty("away").GetString();
        }
    }

    /// <summary>Who may not see runs has the figures nevertheless.</summary>
    [Fact]
    public async Task Once_WithoutTheRightToSeeRuns_HasTheFigures()
    {
        using var keys = new KeyFile();
        keys.Add(Mfn.Server.Identity.Roles.Viewer, "lab", "carol");
        await using var server = await TestServer.StartAsync(AnyPort, keys.Setting, "Auth:AllowAnonymous=false");

        var (exitCode, output, error) = await InProcess.RunAsync("top", "--once", "--interval", "0.1", "--server", server.Address.ToString(), "--metrics", server.MetricsUrl!);

        Assert.Equal(0, exitCode);
        Assert.Contains("memory", output, StringComparison.Ordinal);
        Assert.StartsWith("no runs: UNAUTHENTICATED", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoMetrics_IsTold()
    {
        await using var server = await TestServer.StartAsync();
        foreach (var metrics in new[] { "http://127.0.0.1:1", server.Address.ToString() })
        {
            var (exitCode, output, error) = await InProcess.RunAsync("top", "--once", "--server", server.Address.ToString(), "--metrics", metrics);

            Assert.Equal((1, ""), (exitCode, output));
            Assert.StartsWith($"mfn: no metrics at {metrics.TrimEnd('/')}/metrics: ", error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--interval must be between 0.1 and 3600, but was 0.", "--interval", "0")]
    [InlineData("--count must be at least 1, but was 0.", "--count", "0")]
    [InlineData("--once and --count exclude one another.", "--once", "--count", "2")]
    [InlineData("--sort must be ", "--sort", "size")]
    [InlineData("--metrics must be a host and a port alone", "--metrics", "http://127.0.0.1:9464/metrics")]
    public async Task BadOptions_AreNamed(string problem, params string[] words)
    {
        var (exitCode, output, error) = await InProcess.RunAsync(["top", .. words]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith($"mfn: {problem}", error, StringComparison.Ordinal);
    }
}
