using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Mfn.Server.Observability;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.GrpcStack.Wire;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Server.Tests.Observability;

/// <summary>What is sent, and how.</summary>
[Collection(TelemetryTests.Name)]
public sealed class ExportTests
{
    private const string Secret = "attack at dawn";

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Span_OverEachProtocol_ArrivesWithHeadersAndResource(bool overHttp, bool isEncrypted)
    {
        using var authority = new TestAuthority();
        using var client = authority.IssueClient("mfn");
        var directory = Directory.CreateTempSubdirectory("mfn-otlp-");
        try
        {
            await using var receiver = await OtlpReceiver.StartAsync(isEncrypted ? authority : null);
            var environment = receiver.Environment(overHttp);
            environment["OTEL_TRACES_EXPORTER"] = "otlp";
            environment["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer of-the-collector";
            environment["OTEL_SERVICE_NAME"] = "colony";
            environment["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=lab";
            if (isEncrypted)
            {
                environment["OTEL_EXPORTER_OTLP_CERTIFICATE"] = Write("ca.pem", authority.RootPem);
                environment["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"] = Write("client.pem", client.ExportCertificatePem());
                environment["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = Write("client.key", client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            }

            await using var server = await TestServer.StartInAsync(environment);
            var (traceId, _, headers) = TraceTests.Parent();

            await TracedComputations.Calls["nernst"](server, headers);

            await receiver.TraceAsync(traceId, spans => spans.Count == 1);
            var resource = receiver.Spans[^1].Resource.Attributes.ToDictionary(attribute => attribute.Key, attribute => attribute.Value.StringValue);
            Assert.Equal(("colony", "lab"), (resource["service.name"], resource["deployment.environment.name"]));
            Assert.Contains("Bearer of-the-collector", receiver.Authorizations);
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        string Write(string name, string pem)
        {
            var path = Path.Combine(directory.FullName, name);
            File.WriteAllText(path, pem);
            return path;
        }
    }

    [Fact]
    public async Task Telemetry_NobodyAsksFor_IsNotMade()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var disabled = receiver.Environment();
        disabled["OTEL_TRACES_EXPORTER"] = "otlp";
        disabled["OTEL_SDK_DISABLED"] = "true";
        await using var server = await TestServer.StartInAsync(receiver.Environment());
        await using var other = await TestServer.StartInAsync(disabled, "Telemetry:SendTraces=true");

        await TracedComputations.Calls["simulate"](server, TraceTests.Parent().Headers);
        await TracedComputations.Calls["simulate"](other, TraceTests.Parent().Headers);

        Assert.False(Spans.IsOn);
        Assert.Empty(receiver.Spans);
        Assert.Equal(0, server.Metrics.TelemetryTaken.WithLabels("traces").Value + other.Metrics.TelemetryTaken.WithLabels("traces").Value);
    }

    [Fact]
    public async Task Call_OfHealthOrOfACallerThatDoesNotRecord_HasNoSpan()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await TestServer.StartInAsync(receiver.Environment(), "Telemetry:SendTraces=true", "Metrics:Url=http://127.0.0.1:0");
        var (traceId, _, headers) = TraceTests.Parent();
        var (unsampledId, _, unsampled) = TraceTests.Parent(isSampled: false);
        using var scraper = new HttpClient();

        await server.Health.CheckAsync(new Grpc.Health.V1.HealthCheckRequest(), headers);
        await scraper.GetStringAsync(new Uri(server.MetricsUrl + "/metrics"));
        await TracedComputations.Calls["simulate"](server, unsampled);
        await TracedComputations.Calls["nernst"](server, headers);

        Assert.Equal("mfn.v1.MembraneService/ComputeNernstPotential OK", SpanTree.Of(await receiver.TraceAsync(traceId, spans => spans.Count > 0)));
        Assert.DoesNotContain(receiver.Spans, each => OtlpReceiver.Id(each.Span.TraceId) == unsampledId);
        Assert.All(receiver.Spans, each => Assert.Equal(traceId, OtlpReceiver.Id(each.Span.TraceId)));
    }

    [Fact]
    public async Task Sampler_ThatVariablesName_DecidesWhereNoCallerDoes()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var environment = receiver.Environment();
        environment["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio";
        environment["OTEL_TRACES_SAMPLER_ARG"] = "0";
        await using var server = await TestServer.StartInAsync(environment, "Telemetry:SendTraces=true");
        var (traceId, _, headers) = TraceTests.Parent();

        await TracedComputations.Calls["simulate"](server, []);
        await TracedComputations.Calls["nernst"](server, headers);

        await receiver.TraceAsync(traceId, spans => spans.Count == 1);
        Assert.Single(receiver.Spans);
    }

    [Fact]
    public async Task Fault_OfTheServer_IsToldByItsTypeWithoutItsMessage()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var server = await TestServer.StartInAsync(
            app => app.MapGrpcService<FaultyService>().AllowAnonymous(), receiver.Environment(), "Telemetry:SendTraces=true");
        var (traceId, _, headers) = TraceTests.Parent();

        await Assert.ThrowsAsync<RpcException>(async () => await new EchoService.EchoServiceClient(server.Channel).SayAsync(new EchoRequest { Text = Secret }, headers));

        AssertTold(Assert.Single(await receiver.TraceAsync(traceId, spans => spans.Count == 1)));
    }

    private static void AssertTold(Otlp.Span span)
    {
        Assert.EndsWith("/Say INTERNAL error", SpanTree.Of([span]), StringComparison.Ordinal);
        var exception = Assert.Single(span.Events).Attributes.ToDictionary(attribute => attribute.Key, attribute => attribute.Value.StringValue);
        Assert.Equal(["exception.stacktrace", "exception.type"], exception.Keys.Order());
        Assert.Equal(typeof(FormatException).FullName, exception["exception.type"]);
        Assert.Contains(nameof(FaultyService), exception["exception.stacktrace"], StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, span.ToString(), StringComparison.Ordinal);
    }

    private sealed class FaultyService : EchoService.EchoServiceBase
    {
        public override Task<EchoResponse> Say(EchoRequest request, ServerCallContext context) => throw new FormatException($"'{request.Text}' is no number.");
    }
}
