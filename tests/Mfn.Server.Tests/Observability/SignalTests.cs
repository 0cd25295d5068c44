using Mfn.Server.Observability;
using Mfn.Server.Tests.Observability.Otlp;

namespace Mfn.Server.Tests.Observability;

/// <summary>Metrics and logs that are sent to a collector.</summary>
[Collection(TelemetryTests.Name)]
public sealed class SignalTests
{
    private const int CallCount = 7;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Metrics_OfTheCollector_AreThoseOfPrometheus(bool overHttp)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var other = await TestServer.StartAsync();
        await using var server = await TestServer.StartInAsync(receiver.Environment(overHttp), "Telemetry:SendMetrics=true");
        await TracedComputations.Calls["nernst"](other, []);
        for (var i = 0; i < CallCount; i++)
        {
            await TracedComputations.Calls["nernst"](server, []);
        }

        Metric[] Latest(string name) => [.. receiver.Metrics.Where(metric => metric.Name == name)];
        var handled = await receiver.WaitAsync(
            () => Latest("mfn.rpc.handled").SelectMany(metric => metric.Sum.DataPoints).LastOrDefault(IsNernst), found => found?.AsDouble >= CallCount, found => $"{found}");
        Assert.Equal(CallCount, handled!.AsDouble);
        Assert.All(Latest("mfn.rpc.handled"), metric => Assert.True(metric.Sum.IsMonotonic));
        var duration = await receiver.WaitAsync(
            () => Latest("mfn.rpc.duration").SelectMany(metric => metric.Histogram.DataPoints).LastOrDefault(point => Has(point.Attributes, "ComputeNernstPotential")),
            found => found?.Count >= CallCount,
            found => $"{found}");
        Assert.Equal(((ulong)CallCount, 17), (duration!.Count, duration.ExplicitBounds.Count));

        // Every metric that has values, by its name, kind and unit, and those of the runtime.
        var sent = receiver.Metrics.DistinctBy(metric => metric.Name).ToDictionary(metric => metric.Name);
        string[] always = ["mfn.rpc.started", "mfn.rpc.open", "mfn.watchers", "mfn.compute.threads", "mfn.memory.held", "mfn.telemetry.lost"];
        Assert.All(server.Metrics.Definitions.Where(definition => always.Contains(definition.Name)), definition =>
        {
            Assert.Equal(definition.Unit, sent[definition.Name].Unit);
            Assert.Equal(definition.Kind == MetricKind.Counter ? Metric.DataOneofCase.Sum : Metric.DataOneofCase.Gauge, sent[definition.Name].DataCase);
        });
        Assert.Contains("dotnet.gc.collections", sent.Keys);
        Assert.Subset(server.Metrics.Definitions.Select(definition => definition.Name).ToHashSet(), sent.Keys.Where(name => name.StartsWith("mfn.", StringComparison.Ordinal)).ToHashSet());
    }

    [Fact]
    public async Task Logs_OfACall_HaveItsTraceAndTheirFields()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var environment = receiver.Environment();
        environment["OTEL_SERVICE_NAME"] = "colony";
        await using var server = await TestServer.StartInAsync(
            environment, "Telemetry:SendTraces=true", "Telemetry:SendLogs=true", "Logging:LogLevel:Default=Information", "Logging:Console:LogLevel:Default=None");
        var (traceId, _, headers) = TraceTests.Parent();

        await TracedRuns.Calls["unknown run"](server, headers);

        var found = await receiver.WaitAsync(
            () => receiver.Logs.FirstOrDefault(each => OtlpReceiver.Id(each.Record.TraceId) == traceId), each => each.Record is not null, _ => "no record");
        var span = Assert.Single(await receiver.TraceAsync(traceId, spans => spans.Count == 1));
        Assert.Equal(span.SpanId, found.Record.SpanId);
        Assert.StartsWith("/mfn.v1.RunService/GetRun refused with NotFound", found.Record.Body.StringValue, StringComparison.Ordinal);
        Assert.Contains(found.Record.Attributes, attribute => attribute.Key == "Method" && attribute.Value.StringValue == "/mfn.v1.RunService/GetRun");
        Assert.Contains(found.Resource.Attributes, attribute => attribute.Key == "service.name" && attribute.Value.StringValue == "colony");
        Assert.Equal("CallRefused", found.Record.EventName);
    }

    private static bool IsNernst(NumberDataPoint point) => Has(point.Attributes, "ComputeNernstPotential") && Has(point.Attributes, "OK");

    private static bool Has(IEnumerable<KeyValue> attributes, string value) => attributes.Any(attribute => attribute.Value.StringValue == value);
}
