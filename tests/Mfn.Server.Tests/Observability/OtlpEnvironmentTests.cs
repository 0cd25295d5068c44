using System.Collections;
using Mfn.Server.Configuration;

namespace Mfn.Server.Tests.Observability;

/// <summary>The standard variables that say where a collector is: what the library would pass over in silence is refused.</summary>
public sealed class OtlpEnvironmentTests
{
    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "a URL that begins with http:// or https://")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://collector", "a URL that begins with http:// or https://")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "grpc or http/protobuf")]
    [InlineData("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "gzip or none")]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "a positive number of milliseconds")]
    [InlineData("OTEL_TRACES_SAMPLER", "ratio", "one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio")]
    [InlineData("OTEL_TRACES_SAMPLER_ARG", "1%", "a number from 0 to 1")]
    [InlineData("OTEL_TRACES_SAMPLER_ARG", "1.5", "a number from 0 to 1")]
    [InlineData("OTEL_BSP_MAX_QUEUE_SIZE", "0", "a positive integer")]
    [InlineData("OTEL_BLRP_SCHEDULE_DELAY", "-5", "a positive number of milliseconds")]
    public void Check_WrongVariable_IsRefusedOnlyWhereSomethingIsSent(string name, string value, string allowed)
    {
        var environment = new Hashtable { [name] = value };

        Assert.Equal([$"{name} must be {allowed}, but was '{value}'."], Problems(environment, "--Telemetry:SendTraces=true"));
        Assert.Empty(Problems(environment));
        Assert.Empty(Problems(new Hashtable(environment) { ["OTEL_SDK_DISABLED"] = "true" }, "--Telemetry:SendTraces=true"));
    }

    [Fact]
    public void Check_RightVariables_AreTaken() => Assert.Empty(Problems(
        new Hashtable
        {
            ["OTEL_TRACES_EXPORTER"] = "otlp",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://collector.example.org:4317",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip",
            ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio",
            ["OTEL_TRACES_SAMPLER_ARG"] = "0.01",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "1000",
        }));

    private static List<string> Problems(Hashtable environment, params string[] args)
    {
        var settings = ServerSettings.Read(args, environment);
        MfnServer.Check(settings);
        return settings.Problems;
    }
}
