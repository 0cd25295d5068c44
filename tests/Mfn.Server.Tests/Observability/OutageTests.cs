using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Observability;

/// <summary>The collector is away: calls go on, what is to be sent waits on disk within its size, and what is lost is counted and told of.</summary>
[Collection(TelemetryTests.Name)]
public sealed class OutageTests : IDisposable
{
    private const int CallCount = 30;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mfn-outage-");
    private ServerLog _log = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Collector_IsAwayForAWhile_GetsEverythingAfterwards(bool overHttp)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await StartAsync(receiver, overHttp);
        await receiver.StopAsync();

        var traces = await CallAsync(server, CallCount);
        await Patience.UntilAsync(() => Count(server.Metrics.TelemetryTaken) == CallCount && WaitingBytes() > 0);
        await receiver.StartAsync();

        await receiver.WaitAsync(() => traces.Except(TracesOf(receiver)).Count(), missing => missing == 0, missing => $"all but {missing}");
        await Patience.UntilAsync(() => Count(server.Metrics.TelemetryExported) == CallCount && WaitingBytes() == 0);
        Assert.Equal(0, Count(server.Metrics.TelemetryLost));
        Assert.Single(_log.Warnings, warning => warning.StartsWith("The collector does not take traces, which wait on disk", StringComparison.Ordinal));
        await Patience.UntilAsync(() => _log.Lines.Any(line => line.Message.StartsWith("The collector takes traces again", StringComparison.Ordinal) && line.Message.EndsWith(" 0 have been lost since the server's start", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Collector_IsAwayForTooLong_GetsTheNewestAndTheOthersAreCounted()
    {
        const int LimitBytes = 1 << 20;
        const int Many = 6000;
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await StartAsync(receiver, overHttp: false, $"Telemetry:MaxWaitingBytes={LimitBytes}");
        await receiver.StopAsync();

        for (var i = 0; i < Many; i += 200)
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => CallAsync(server, 1)));
            Assert.InRange(WaitingBytes(), 0, LimitBytes);
        }

        var last = await CallAsync(server, 1);
        await Patience.UntilAsync(() => Count(server.Metrics.TelemetryTaken) == Many + 1 && Count(server.Metrics.TelemetryLost) > 0);
        await receiver.StartAsync();

        await receiver.TraceAsync(last[0], spans => spans.Count == 1);
        await Patience.UntilAsync(() => WaitingBytes() == 0 && Count(server.Metrics.TelemetryExported) + Count(server.Metrics.TelemetryLost) == Many + 1);
        Assert.Equal(Count(server.Metrics.TelemetryExported), receiver.Spans.Count);
        Assert.Contains(_log.Warnings, warning => warning.StartsWith("Telemetry was lost (traces): the collector did not take ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Collector_IsAwayWithoutAPlaceToWait_TheLossIsCountedAndToldOf()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await StartAsync(receiver, overHttp: false, "Telemetry:Directory=");
        await receiver.StopAsync();

        await CallAsync(server, CallCount);

        await Patience.UntilAsync(() => Count(server.Metrics.TelemetryLost) == CallCount);
        Assert.Equal((CallCount, 0), (Count(server.Metrics.TelemetryTaken), Count(server.Metrics.TelemetryExported)));
        Assert.StartsWith("Telemetry was lost (traces): the collector did not take ", Assert.Single(_log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_EndsWhileTheCollectorIsAway_TheNextOneSendsWhatWaited()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        IReadOnlyList<string> traces;
        await using (var server = await StartAsync(receiver, overHttp: true))
        {
            await receiver.StopAsync();
            traces = await CallAsync(server, CallCount);
        }

        await receiver.StartAsync();
        await using var next = await StartAsync(receiver, overHttp: true);
        var last = await CallAsync(next, 1);

        await receiver.WaitAsync(() => traces.Concat(last).Except(TracesOf(receiver)).Count(), missing => missing == 0, missing => $"all but {missing}");
        Assert.Empty(Directory.EnumerateFiles(_directory.FullName, "*.new", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, true)]
    [InlineData(StatusCode.InvalidArgument, false)]
    public async Task Collector_Refuses_WhatMayBeSentAgainWaits(StatusCode refusal, bool waits)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await StartAsync(receiver, overHttp: false);
        receiver.Refusal = refusal;

        var traces = await CallAsync(server, 1);
        await Patience.UntilAsync(() => waits ? WaitingBytes() > 0 : Count(server.Metrics.TelemetryLost) == 1);
        receiver.Refusal = StatusCode.OK;
        traces = waits ? traces : await CallAsync(server, 1);

        await receiver.TraceAsync(traces[0], spans => spans.Count == 1);
        Assert.Equal(waits ? 0 : 1, Count(server.Metrics.TelemetryLost));
    }

    [Fact]
    public async Task Spool_Directory_IsForItsOwnerAlone()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await StartAsync(receiver, overHttp: false);
        await receiver.StopAsync();
        await CallAsync(server, 1);
        await Patience.UntilAsync(() => WaitingBytes() > 0);

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        Assert.All(
            _directory.EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Where(entry => entry.Name.StartsWith("traces-", StringComparison.Ordinal) || entry is FileInfo),
            entry => Assert.Equal(UnixFileMode.None, entry.UnixFileMode & Others));
    }

    public void Dispose()
    {
        _log.Dispose();
        _directory.Delete(recursive: true);
    }

    private Task<TestServer> StartAsync(OtlpReceiver receiver, bool overHttp, params string[] settings)
    {
        // A server disposes of the one that it logs to.
        _log = new ServerLog("Mfn.Server.Observability");
        string[] all = settings.Contains("Telemetry:Directory=") ? [] : [$"Telemetry:Directory={_directory.FullName}", .. settings];
        return TestServer.StartInAsync(
            app => app.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log),
            receiver.Environment(overHttp),
            ["Telemetry:SendTraces=true", "Logging:LogLevel:Default=Information", "Logging:Console:LogLevel:Default=None", .. all]);
    }

    private static async Task<IReadOnlyList<string>> CallAsync(TestServer server, int count)
    {
        var traces = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var (traceId, _, headers) = TraceTests.Parent();
            await server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 1, InsideMolar = 2 }, headers);
            traces.Add(traceId);
        }

        return traces;
    }

    private static IEnumerable<string> TracesOf(OtlpReceiver receiver) => receiver.Spans.Select(each => OtlpReceiver.Id(each.Span.TraceId));

    private static int Count(Prometheus.Counter counter) => (int)counter.WithLabels("traces").Value;

    private long WaitingBytes() => _directory.EnumerateFiles("*.otlp", SearchOption.AllDirectories).Sum(file =>
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // It has been sent meanwhile.
            return 0;
        }
    });
}
