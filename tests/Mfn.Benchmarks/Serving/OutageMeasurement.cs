using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Mfn.Benchmarks.Serving;

/// <summary>What calls notice of a collector that is away for a minute, while each of them is traced, and what becomes of the spans.</summary>
internal static partial class OutageMeasurement
{
    private const string CollectorUrl = "http://127.0.0.1:14318";
    private const string MetricsUrl = "http://127.0.0.1:19464";
    // At most: a call waits for the one before it, and for the next tick.
    private const int CallsPerSecond = 500;

    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(60);

    /// <param name="server">The path of mfn.dll.</param>
    /// <param name="output">Gets a line of JSON for each part, and one for the spans.</param>
    public static async Task RunAsync(string server, TextWriter output)
    {
        RateTurns.KeepOffServers();
        var folder = Directory.CreateTempSubdirectory("mfn-outage-");
        var collector = await StartCollectorAsync();
        using var process = RateTurns.StartServers(["dotnet", server, "serve", "--urls", "http://127.0.0.1:0"], new Dictionary<string, string>
        {
            ["MFN_Metrics__Url"] = MetricsUrl,
            ["MFN_Web__Url"] = "off",
            ["MFN_Logging__LogLevel__Default"] = "Warning",
            ["MFN_Telemetry__SendTraces"] = "true",
            ["MFN_Telemetry__Directory"] = folder.FullName,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = CollectorUrl,
        });
        try
        {
            var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server has ended.");
            using var channel = GrpcChannel.ForAddress(line["Listening on ".Length..]);
            var client = new MembraneService.MembraneServiceClient(channel);
            await CallAsync("warm-up", client, process.Id, Usual / 3, TextWriter.Null);
            await CallAsync("before", client, process.Id, Usual, output);
            await collector.DisposeAsync();
            await CallAsync("away", client, process.Id, Away, output);
            collector = await StartCollectorAsync();
            await CallAsync("after", client, process.Id, Usual, output);
            await TellSpansAsync(output);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            await collector.DisposeAsync();
            folder.Delete(recursive: true);
        }
    }

    private static async Task CallAsync(string part, MembraneService.MembraneServiceClient client, int server, TimeSpan time, TextWriter output)
    {
        var request = new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 };
        var milliseconds = new List<double>();
        var (start, peak) = (Stopwatch.GetTimestamp(), 0L);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / CallsPerSecond));
        for (var i = 0; Stopwatch.GetElapsedTime(start) < time; i++)
        {
            await timer.WaitForNextTickAsync();
            var begun = Stopwatch.GetTimestamp();
            await client.ComputeNernstPotentialAsync(request);
            milliseconds.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (i % CallsPerSecond == 0)
            {
                peak = Math.Max(peak, ResidentBytesOf(server));
            }
        }

        milliseconds.Sort();
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $$"""
            {"kernel":"outage","part":"{{part}}","calls":{{milliseconds.Count}},"p50_milliseconds":{{RateTurns.Quantile([.. milliseconds], 0.5):F3}},"p99_milliseconds":{{RateTurns.Quantile([.. milliseconds], 0.99):F3}},"resident_bytes":{{peak}}}
            """));
    }

    private static async Task TellSpansAsync(TextWriter output)
    {
        using var http = new HttpClient();
        var start = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (await timer.WaitForNextTickAsync())
        {
            var page = await http.GetStringAsync(new Uri($"{MetricsUrl}/metrics"));
            var values = Traces().Matches(page).ToDictionary(match => match.Groups["name"].Value, match => double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));
            if ((values["taken_total"] == values["exported_total"] + values["lost_total"] && values["waiting_size_bytes"] == 0) || Stopwatch.GetElapsedTime(start) > Usual)
            {
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $$"""
                    {"kernel":"outage-spans","taken":{{values["taken_total"]}},"exported":{{values["exported_total"]}},"lost":{{values["lost_total"]}},"waiting_bytes":{{values["waiting_size_bytes"]}},"seconds_until_then":{{Stopwatch.GetElapsedTime(start).TotalSeconds:F1}}}
                    """));
                return;
            }
        }
    }

    private static long ResidentBytesOf(int process) =>
        1024 * long.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private static async Task<WebApplication> StartCollectorAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(CollectorUrl);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.ContentType = "application/x-protobuf";
        });
        await app.StartAsync();
        return app;
    }

    [GeneratedRegex("""^mfn_telemetry_(?<name>\w+)\{signal="traces"\} (?<value>\S+)$""", RegexOptions.Multiline)]
    private static partial Regex Traces();
}
