using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Observability.Otlp;
using Span = Mfn.Server.Tests.Observability.Otlp.Span;

namespace Mfn.Server.Tests.Observability;

/// <summary>What never ends is seen while it lives.</summary>
[Collection(TelemetryTests.Name)]
public sealed class EpisodeTests
{
    [Fact]
    public async Task Watch_ThatNeverEnds_IsSeenWhileItLives()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await TestServer.StartInAsync(receiver.Environment(), "Telemetry:SendTraces=true", "Telemetry:EpisodeLength=00:00:01");
        var run = await CreateAsync(server);
        var (traceId, _, headers) = TraceTests.Parent();
        using var call = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId }, headers);
        var reading = ReadAsync(call.ResponseStream);

        var living = await receiver.TraceAsync(traceId, spans => spans.Count(span => span.Name == "watch.live") == 2);

        // The call goes on, and has not been seen itself.
        Assert.DoesNotContain(living, span => span.Kind == SpanKind.Server);
        Assert.False(reading.IsCompleted);
        await DeleteAsync(server, run);
        var ended = await receiver.TraceAsync(traceId, spans => spans.Any(span => span.Kind == SpanKind.Server));
        await reading.Within();
        var frames = await reading;

        var episodes = ended.Where(span => span.Name.StartsWith("watch.", StringComparison.Ordinal)).OrderBy(span => span.StartTimeUnixNano).ToArray();
        Assert.Equal(["watch.subscribe", .. Enumerable.Repeat("watch.live", episodes.Length - 2), "watch.end"], episodes.Select(span => span.Name));
        Assert.Equal("deleted", episodes[^1].Attribute("mfn.end_reason"));
        Assert.All(episodes, span => Assert.Equal(run.RunId, span.Attribute("mfn.run_id")));
        Assert.Equal(frames, episodes.Sum(FramesOf));
        AssertLinked(episodes, receiver.Spans.Select(each => each.Span).Single(span => span.Name == "run" && span.Attribute("mfn.run_id") == run.RunId));
    }

    [Fact]
    public async Task Run_HasATraceOfItsOwn_LinkedToTheCallThatCreatedIt()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await TestServer.StartInAsync(receiver.Environment(), "Telemetry:SendTraces=true", "Telemetry:EpisodeLength=00:00:01");
        var (traceId, _, headers) = TraceTests.Parent();
        var run = await CreateAsync(server, headers);
        var call = (await receiver.TraceAsync(traceId, spans => spans.Any(span => span.Kind == SpanKind.Server))).Single(span => span.Kind == SpanKind.Server);
        var root = await receiver.WaitAsync(
            () => receiver.Spans.Select(each => each.Span).SingleOrDefault(span => span.Name == "run" && span.Attribute("mfn.run_id") == run.RunId), found => found is not null, _ => "no run");

        // One episode ends by its length, the other with the run.
        await receiver.TraceAsync(OtlpReceiver.Id(root!.TraceId), spans => spans.Any(span => span.Name == "steps"));
        await DeleteAsync(server, run);
        var spans = await receiver.TraceAsync(OtlpReceiver.Id(root.TraceId), spans => spans.Count(span => span.Name == "steps") >= 2);

        Assert.Equal(run.RunId, call.Attribute("mfn.run_id"));
        Assert.Equal(call.SpanId, Assert.Single(root.Links).SpanId);
        Assert.NotEqual(call.TraceId, root.TraceId);
        var steps = spans.Where(span => span.Name == "steps").OrderBy(span => span.StartTimeUnixNano).ToArray();
        Assert.Equal("0", steps[0].Attribute("mfn.first_step"));
        Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.Equal(pair.First.Attribute("mfn.last_step"), pair.Second.Attribute("mfn.first_step")));
        Assert.All(steps, span => Assert.Equal(root.SpanId, span.ParentSpanId));
    }

    [Fact]
    public async Task Watch_WithAGap_HasASpanForIt()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await TestServer.StartInAsync(receiver.Environment(), "Telemetry:SendTraces=true");
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 20 }, HistorySteps = 0 })).Run;
        await server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId }).ResponseStream.DrainAsync();
        var (traceId, _, headers) = TraceTests.Parent();

        await server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId, FromStep = 3 }, headers).ResponseStream.DrainAsync();

        var spans = await receiver.TraceAsync(traceId, spans => spans.Any(span => span.Kind == SpanKind.Server));
        var gap = Assert.Single(spans, span => span.Name == "watch.gap");
        Assert.Equal("history_trimmed", gap.Attribute("mfn.gap_reason"));
    }

    private static void AssertLinked(Span[] episodes, Span run)
    {
        for (var i = 0; i < episodes.Length; i++)
        {
            byte[][] links = i == 0 ? [run.SpanId.ToByteArray()] : [run.SpanId.ToByteArray(), episodes[i - 1].SpanId.ToByteArray()];
            Assert.Equal(links, episodes[i].Links.Select(link => link.SpanId.ToByteArray()));
        }
    }

    private static int FramesOf(Span span) => int.Parse(span.Attribute("mfn.frames") ?? "0", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task DeleteAsync(TestServer server, Run run) => await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run.RunId });

    private static async Task<Run> CreateAsync(TestServer server, Metadata? headers = null) => (await server.Runs.CreateRunAsync(
        new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, StepsPerSecond = 50, Stop = new StopCondition { Never = true } }, headers)).Run;

    private static async Task<int> ReadAsync(IAsyncStreamReader<WatchRunResponse> stream)
    {
        var frames = 0;
        while (await stream.MoveNext(CancellationToken.None))
        {
            frames += stream.Current.Snapshot is not null || stream.Current.Delta is not null ? 1 : 0;
        }

        return frames;
    }
}
