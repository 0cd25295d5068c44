using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Mfn.Server.Observability;

/// <summary>Sends what the server tells of itself to a collector by OTLP, if it is asked to. Else it does nothing, and nobody listens to what is told.</summary>
internal sealed class TelemetryExport(
    ServerMetrics metrics,
    SettingsSource settings,
    IOptions<TelemetryOptions> options,
    IOptions<RunsOptions> runs,
    IMeterFactory meters,
    ILoggerFactory loggers,
    TimeProvider clock,
    ILogger<TelemetryExport> logger) : IHostedService, IDisposable
{
    private const string ServiceName = "mfn";
    private const string Traces = "traces";
    private const string Logs = "logs";
    private const string RuntimeMeter = "System.Runtime";

    private readonly OtlpEnvironment _environment = new(settings.Current.Environment);
    private readonly Collector _collector = new(new OtlpEnvironment(settings.Current.Environment), options.Value, runs.Value.DataDirectory, clock, logger);
    private readonly List<IDisposable> _providers = [];

    // The variables win over what the server says of itself.
    private readonly ResourceBuilder _resource = ResourceBuilder.CreateEmpty()
        .AddService(ServiceName, serviceVersion: typeof(TelemetryExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private readonly List<ExportCounts> _counts = [];

    /// <exception cref="IOException">The files that variables name, or the directory for what waits, cannot be used.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.TelemetryWaiting.ReadFrom(() => [(Traces, _collector.WaitingBytes(Traces)), (Logs, _collector.WaitingBytes(Logs))]);
        if (_environment.Sends(OtlpEnvironment.Traces, options.Value.SendTraces))
        {
            StartTraces();
        }

        if (_environment.Sends(OtlpEnvironment.Metrics, options.Value.SendMetrics))
        {
            StartMetrics();
        }

        if (_environment.Sends(OtlpEnvironment.Logs, options.Value.SendLogs))
        {
            StartLogs();
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
        var batches = _environment.ToBatches("OTEL_BSP_");
        var counts = Count(Traces, batches);
        var exporter = new OtlpTraceExporter(_collector.Open(OtlpEnvironment.Traces, Traces, counts));
        var processor = new BoundedProcessor<Activity>(
            new BatchActivityExportProcessor(
                new CountingExporter<Activity>(exporter, counts), batches.MaxQueueSize, batches.DelayMilliseconds, batches.TimeoutMilliseconds, batches.MaxBatchSize),
            new SimpleActivityExportProcessor(exporter),
            counts);
        _providers.Add(Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(_environment.ToConfiguration(OtlpEnvironment.Traces)))
            .SetResourceBuilder(_resource)
            .AddSource(Spans.CallSourceName, Spans.SourceName, Spans.CoreSourceName)
            .AddProcessor(processor)
            .Build());
    }

    private void StartMetrics()
    {
        var interval = _environment.Number("OTEL_METRIC_EXPORT_INTERVAL", 60_000);
        var exporter = new OtlpMetricExporter(_collector.Open(OtlpEnvironment.Metrics, "metrics"));

        // All servers of a process have meters of this name, and what is lost of one sending is in the next.
        _providers.Add(Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(_environment.ToConfiguration(OtlpEnvironment.Metrics)))
            .SetResourceBuilder(_resource)
            .AddMeter(ServerMetrics.MeterName, RuntimeMeter)
            .AddView(instrument => instrument.Meter.Name == ServerMetrics.MeterName && instrument.Meter.Scope != meters ? MetricStreamConfiguration.Drop : null)
            .AddReader(new PeriodicExportingMetricReader(exporter, interval))
            .Build());
    }

    private void StartLogs()
    {
        var batches = _environment.ToBatches("OTEL_BLRP_");
        var counts = Count(Logs, batches);
        var exporter = new OtlpLogExporter(_collector.Open(OtlpEnvironment.Logs, Logs, counts));
        var processor = new BoundedProcessor<LogRecord>(
            new BatchLogRecordExportProcessor(
                new CountingExporter<LogRecord>(exporter, counts), batches.MaxQueueSize, batches.DelayMilliseconds, batches.TimeoutMilliseconds, batches.MaxBatchSize),
            new SimpleLogRecordExportProcessor(exporter),
            counts);

        // It has no levels of its own, so that it gets what the server's have let pass.
        var export = LoggerFactory.Create(logging =>
        {
            logging.Services.AddSingleton(_environment.ToConfiguration(OtlpEnvironment.Logs));
            logging.SetMinimumLevel(LogLevel.Trace).AddOpenTelemetry(records =>
            {
                records.SetResourceBuilder(_resource);
                records.IncludeFormattedMessage = true;
                records.AddProcessor(processor);
            });
        });
        _providers.Add(export);
        loggers.AddProvider(new ForwardedLogs(export));
    }

    private ExportCounts Count(string name, ExportBatches batches)
    {
        var counts = new ExportCounts(metrics, name, batches.MaxQueueSize, clock, logger);
        _counts.Add(counts);
        return counts;
    }
}
