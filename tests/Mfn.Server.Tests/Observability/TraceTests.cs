using System.Diagnostics;
using Grpc.Core;
using Mfn.Server.Tests.Observability.Otlp;
using Mfn.Server.Tests.Runs;
using StatusCode = Mfn.Server.Tests.Observability.Otlp.StatusCode;

namespace Mfn.Server.Tests.Observability;

[Collection(TelemetryTests.Name)]
public sealed class TraceTests
{
    private static readonly Dictionary<string, Func<TestServer, Metadata, Task>> Made =
        TracedComputations.Calls.Concat(TracedRounds.Calls).Concat(TracedRuns.Calls).ToDictionary();

    /// <summary>What is called, and the spans that come of it.</summary>
    public static TheoryData<string, string> Calls => new()
    {
        { "simulate", "mfn.v1.SimulationService/Simulate OK\n  validation\n  queue\n  steps\n  encoding" },
        { "simulate nothing", "mfn.v1.SimulationService/Simulate INVALID_ARGUMENT\n  validation" },
        { "stream", "mfn.v1.SimulationService/StreamSimulation OK\n  validation\n  queue\n  steps\n  encoding" },
        { "explain", "mfn.v1.SimulationService/Explain OK\n  validation\n  compute" },
        { "nernst", "mfn.v1.MembraneService/ComputeNernstPotential OK" },
        { "features", "mfn.v1.FeatureService/ExtractFeatures OK\n  queue\n  compute" },
        { "validate", "mfn.v1.ValidationService/Validate OK\n  compute" },
        { "krum", "mfn.v1.AggregationService/Aggregate OK\n  validation\n  collection\n  compute\n    admission\n    rule\n      distances\n  encoding" },
        { "median", "mfn.v1.AggregationService/Aggregate OK\n  validation\n  collection\n  compute\n    admission\n    rule\n      sorting\n  encoding" },
        { "aggregate stream", "mfn.v1.AggregationService/AggregateStream OK\n  upload\n  compute\n    admission\n    rule\n      distances" },
        { "create", "mfn.v1.RunService/CreateRun OK\n  validation\n  queue\n  compute\n  fsync" },
        { "steer", "mfn.v1.RunService/SteerRun OK\n  command\n    fsync\n  command\n    fsync" },
        { "export", "mfn.v1.RunService/ExportRun OK\n  queue\n  replay" },
        { "watch", "mfn.v1.RunService/WatchRun OK\n  watch.subscribe\n    replay\n  watch.live\n  watch.end" },
        { "unknown run", "mfn.v1.RunService/GetRun NOT_FOUND" },
        { "unknown method", "grpc UNIMPLEMENTED error" },
    };

    [Theory, MemberData(nameof(Calls))]
    public async Task Call_EachKind_HasItsSpans(string call, string expected)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var data = new DurableServers();
        await using var server = await TestServer.StartInAsync(receiver.Environment(), "Telemetry:SendTraces=true", $"Runs:DataDirectory={data.Directory}");
        var (traceId, parentId, headers) = Parent();

        await Made[call](server, headers);

        var lineCount = expected.Count(letter => letter == '\n') + 1;
        var spans = await receiver.TraceAsync(traceId, spans => spans.Count >= lineCount);
        Assert.Equal(expected, SpanTree.Of(spans));
        var root = spans.Single(span => span.Kind == SpanKind.Server);
        Assert.Equal(parentId, OtlpReceiver.Id(root.ParentSpanId));
        Assert.Equal("grpc", root.Attribute("rpc.system.name"));
        Assert.Equal(call == "unknown method" ? "_OTHER" : root.Name, root.Attribute("rpc.method"));
        Assert.Equal($"{server.Address.Port}", root.Attribute("server.port"));
        Assert.Equal("127.0.0.1", root.Attribute("server.address"));
        Assert.Equal(root.Status?.Code == StatusCode.Error ? root.Attribute("rpc.response.status_code") : null, root.Attribute("error.type"));
        Assert.DoesNotContain(root.Attributes, attribute => attribute.Key.Split('.')[0] is "grpc" or "http" or "url" or "client");
    }

    /// <summary>What a test calls from: a span that somebody else has recorded.</summary>
    internal static (string TraceId, string SpanId, Metadata Headers) Parent(bool isSampled = true)
    {
        var (trace, span) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        return (trace, span, new Metadata { { "traceparent", $"00-{trace}-{span}-{(isSampled ? "01" : "00")}" } });
    }
}
