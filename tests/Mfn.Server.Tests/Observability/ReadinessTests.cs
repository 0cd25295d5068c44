using System.Net;
using System.Text.Json;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Observability;

/// <summary>What probes are told.</summary>
public sealed class ReadinessTests : IDisposable
{
    private const string AnyPort = "Metrics:Url=http://127.0.0.1:0";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-readiness-");
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Readiness_NoRoomForARun_IsToldThereAndInHealth()
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Runs:MaxRuns=1");
        Assert.Equal((HttpStatusCode.OK, "ready", "healthy"), await ReadyAsync(server, "room"));

        await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true });

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not_ready", "unhealthy"), await ReadyAsync(server, "room"));
        using var live = await _http.GetAsync(new Uri($"{server.MetricsUrl}/livez"));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task Readiness_DataDirectoryCannotBeWritten_IsTold()
    {
        var data = Path.Combine(_folder.FullName, "data");
        await using var server = await TestServer.StartAsync(AnyPort, $"Runs:DataDirectory={data}");
        Directory.Delete(Path.Combine(data, "acknowledged"), recursive: true);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not_ready", "unhealthy"), await ReadyAsync(server, "disk"));
    }

    [Fact]
    public async Task Readiness_WhileTheServerDrains_IsAnsweredAndSaysSo()
    {
        var log = Path.Combine(_folder.FullName, "log");
        var environment = new Dictionary<string, string> { ["MFN_Metrics__Url"] = "http://127.0.0.1:0" };
        using var process = MfnProcess.StartWithError(log, environment, "serve", "--urls", "http://127.0.0.1:0", "--set", "Shutdown:DrainTime=00:01:00");
        var line = await process.Output.ReadLineAsync().Within();
        await Patience.UntilAsync(() => UrlIn(log) is not null);
        var url = UrlIn(log)!;
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(line!["Listening on ".Length..]);
        using var call = new SimulationService.SimulationServiceClient(channel).StreamSimulation(
            new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 512, Steps = 10_000 }, EveryNSteps = 1 });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());

        process.Terminate();

        await Patience.UntilAsync(async () => (await AskAsync("readyz")).StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("livez")).StatusCode);
        call.Dispose();
        Assert.Equal(0, await process.ExitCodeAsync());

        async Task<HttpResponseMessage> AskAsync(string path) => await _http.GetAsync(new Uri($"{url}/{path}"));
    }

    private static string? UrlIn(string log)
    {
        const string Before = "Metrics and health at ";
        using var reader = new StreamReader(new FileStream(log, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));
        var line = reader.ReadToEnd().Split('\n').SkipLast(1).FirstOrDefault(line => line.Contains(Before, StringComparison.Ordinal));
        return line?[(line.IndexOf(Before, StringComparison.Ordinal) + Before.Length)..].Trim();
    }

    private async Task<(HttpStatusCode Code, string? Status, string? Check)> ReadyAsync(TestServer server, string check)
    {
        using var answer = await _http.GetAsync(new Uri($"{server.MetricsUrl}/readyz"));
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, json.RootElement.GetProperty("status").GetString(), json.RootElement.GetProperty("checks").GetProperty(check).GetProperty("status").GetString());
    }
}
