using System.Diagnostics;
using System.Reflection;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Mfn.Server.Observability;

/// <summary>Sends what the server tells of itself to a collector by OTLP, if it is asked to. Else it does nothing, and nobody listens to what is told.</summary>
internal sealed partial class TelemetryExport(
    ServerMetrics metrics, SettingsSource settings, IOptions<TelemetryOptions> options, TimeProvider clock, ILogger<TelemetryExport> logger) : IHostedService, IDisposable
{
    private const string ServiceName = "mfn";

    private readonly OtlpEnvironment _environment = new(settings.Current.Environment);
    private readonly List<IDisposable> _providers = [];
    private readonly List<ExportCounts> _counts = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_environment.Sends(OtlpEnvironment.Traces, options.Value.SendTraces))
        {
            StartTraces();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends what is left, for a few seconds at most.</summary>
    public void Dispose()
    {
        foreach (var provider in _providers)
        {
            provider.Dispose();
        }

        foreach (var counts in _counts)
        {
            counts.Close();
        }

        _providers.Clear();
        _counts.Clear();
    }

    private void StartTraces()
    {
        var otlp = Open(OtlpEnvironment.Traces, "traces");
        var batches = _environment.ToBatches("OTEL_BSP_");
        var counts = Count("traces", batches.MaxQueueSize);
        var exporter = new OtlpTraceExporter(otlp);
        var processor = new BoundedProcessor<Activity>(
            new BatchActivityExportProcessor(
                new CountingExporter<Activity>(exporter, counts), batches.MaxQueueSize, batches.DelayMilliseconds, batches.TimeoutMilliseconds, batches.MaxBatchSize),
            new SimpleActivityExportProcessor(exporter),
            counts);
        _providers.Add(Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(_environment.ToConfiguration(OtlpEnvironment.Traces)))
            .SetResourceBuilder(Resource())
            .AddSource(Spans.CallSourceName, Spans.SourceName, Spans.CoreSourceName)
            .AddProcessor(processor)
            .Build());
    }

    private OtlpExporterOptions Open(string signal, string name)
    {
        var otlp = _environment.ToOptions(signal);
        var endpoint = otlp.Endpoint.GetLeftPart(UriPartial.Authority).Replace($"{otlp.Endpoint.UserInfo}@", "", StringComparison.Ordinal);
        LogSending(name, endpoint, otlp.Protocol);
        return otlp;
    }

    private ExportCounts Count(string name, int capacity)
    {
        var counts = new ExportCounts(metrics, name, capacity, clock, logger);
        _counts.Add(counts);
        return counts;
    }

    // The variables win over what the server says of itself.
    private static ResourceBuilder Resource() => ResourceBuilder.CreateEmpty()
        .AddService(ServiceName, serviceVersion: typeof(TelemetryExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    [LoggerMessage(EventId = 1610, EventName = "TelemetrySending", Level = LogLevel.Information, Message = "Sends {Signal} to the collector at {Endpoint} ({Protocol})")]
    [LogMeaning("Where traces, metrics or logs are sent by OTLP, as the variables OTEL_… say.")]
    private partial void LogSending(string signal, string endpoint, OtlpExportProtocol protocol);
}
