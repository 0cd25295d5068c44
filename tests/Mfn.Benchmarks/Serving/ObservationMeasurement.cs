using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Mfn.Benchmarks.Serving;

/// <summary>
/// What it costs to be seen from outside: the rate of unary calls of `mfn serve` with metrics that are scraped each second, lines of JSON, traces of one call in a hundred,
/// and all of them, to that of one with neither a listener of metrics nor traces, which logs nothing.
/// </summary>
internal static class ObservationMeasurement
{
    private const string MetricsUrl = "http://127.0.0.1";
    private const int FirstPort = 19464;
    private const int MemoryRounds = 5;

    private static readonly TimeSpan ScrapeInterval = TimeSpan.FromSeconds(1);

    private static int _requestCount;
    private static int _nextPort = FirstPort;

    /// <param name="server">The path of mfn.dll.</param>
    /// <param name="rounds">Turns of each server.</param>
    /// <param name="output">Gets a line of JSON for each server.</param>
    public static async Task RunAsync(string server, int rounds, TextWriter output)
    {
        RateTurns.KeepOffServers();
        await using var collector = await StartCollectorAsync();
        Dictionary<string, string> metrics = new() { ["MFN_Metrics__Url"] = MetricsUrl };
        Dictionary<string, string> logs = new() { ["MFN_Logging__Format"] = "json", ["MFN_Logging__LogLevel__Default"] = "Information" };
        Dictionary<string, string> traces = new()
        {
            ["MFN_Telemetry__SendTraces"] = "true",
            ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio",
            ["OTEL_TRACES_SAMPLER_ARG"] = "0.01",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.Single(),
        };
        (string Name, IEnumerable<KeyValuePair<string, string>> Settings)[] kinds =
            [("off", []), ("metrics", metrics), ("logs", logs), ("traces", traces), ("all", metrics.Concat(logs).Concat(traces))];
        var servers = new List<Process>();
        var sides = new List<IRateSide>();
        try
        {
            foreach (var (name, settings) in kinds)
            {
                servers.Add(Start(server, settings));
                sides.Add(await ConnectAsync(name, servers[^1]));
            }

            using var ending = new CancellationTokenSource();
            var scraping = ScrapeAsync(ending.Token);
            await RateTurns.MeasureAsync("observation", sides, rounds, output);
            await ending.CancelAsync();
            await output.WriteLineAsync($$"""{"kernel":"observation-check","scrapes":{{await scraping}},"requests_of_the_collector":{{_requestCount}}}""");
        }
        finally
        {
            sides.ForEach(side => side.Dispose());
            foreach (var process in servers)
            {
                process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
            }
        }
    }

    /// <summary>Writes a line with the managed bytes that an idle watcher takes more.</summary>
    public static async Task MeasureMemoryAsync(TextWriter output)
    {
        await using var collector = await StartCollectorAsync();
        Environment.SetEnvironmentVariable("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
        Environment.SetEnvironmentVariable("OTEL_TRACES_SAMPLER_ARG", "0.01");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.Single());
        string[] alone = ["--Web:Url=off", "--Metrics:Url=off"];
        var differences = new List<double>();
        for (var round = -1; round < MemoryRounds; round++)
        {
            var without = await GateMeasurement.BytesOfAWatcherAsync([null], alone);
            var with = await GateMeasurement.BytesOfAWatcherAsync(
                [null], "--Web:Url=off", $"--Metrics:Url={MetricsUrl}:{FirstPort}", "--Logging:Format=json", "--Telemetry:SendTraces=true");
            if (round >= 0)
            {
                differences.Add(with - without);
            }
        }

        differences.Sort();
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $$"""
            {"kernel":"observation-memory","rounds":{{MemoryRounds}},"bytes_more_of_an_idle_watcher":{{RateTurns.Quantile([.. differences], 0.5):F0}},"least":{{differences[0]:F0}},"most":{{differences[^1]:F0}}}
            """));
    }

    private static Process Start(string server, IEnumerable<KeyValuePair<string, string>> settings)
    {
        var environment = new Dictionary<string, string> { ["MFN_Metrics__Url"] = "off", ["MFN_Web__Url"] = "off", ["MFN_Logging__LogLevel__Default"] = "None" };
        foreach (var (name, value) in settings)
        {
            environment[name] = value == MetricsUrl ? $"{MetricsUrl}:{_nextPort++}" : value;
        }

        return RateTurns.StartServers(["dotnet", server, "serve", "--urls", "http://127.0.0.1:0"], environment);
    }

    private static async Task<RateTurns.Side> ConnectAsync(string name, Process server)
    {
        var line = await server.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server has ended.");
        return new RateTurns.Side(name, line["Listening on ".Length..], server.Id, []);
    }

    private static async Task<int> ScrapeAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var timer = new PeriodicTimer(ScrapeInterval);
        var count = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                for (var port = FirstPort; port < _nextPort; port++)
                {
                    await http.GetStringAsync(new Uri($"{MetricsUrl}:{port}/metrics"), cancellationToken);
                    count++;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }

        return count;
    }

    private static async Task<WebApplication> StartCollectorAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(async context =>
        {
            Interlocked.Increment(ref _requestCount);
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.ContentType = "application/x-protobuf";
        });
        await app.StartAsync();
        return app;
    }
}
