using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
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
    ServerMetrics metrics, SettingsSource settings, IOptions<TelemetryOptions> options, IOptions<RunsOptions> runs, TimeProvider clock, ILogger<TelemetryExport> logger) : IHostedService, IDisposable
{
    private const string ServiceName = "mfn";
    private const string Traces = "traces";
    private const string Logs = "logs";
    private const string DefaultDirectory = "telemetry";

    private readonly OtlpEnvironment _environment = new(settings.Current.Environment);
    private readonly List<IDisposable> _providers = [];
    private readonly List<ExportCounts> _counts = [];
    private readonly Dictionary<string, ExportSpool?> _spools = new() { [Traces] = null, [Logs] = null };

    /// <exception cref="IOException">The files that variables name, or the directory for what waits, cannot be used.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.TelemetryWaiting.ReadFrom(() => _spools.Select(spool => (spool.Key, (double)(spool.Value?.Bytes ?? 0))));
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
        var batches = _environment.ToBatches("OTEL_BSP_");
        var counts = Count(Traces, batches);
        var exporter = new OtlpTraceExporter(Open(OtlpEnvironment.Traces, Traces, counts));
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

    private OtlpExporterOptions Open(string signal, string name, ExportCounts? counts = null)
    {
        var otlp = _environment.ToOptions(signal);
        HttpClient collector;
        try
        {
            collector = otlp.HttpClientFactory();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or InvalidOperationException)
        {
            throw new IOException($"The files that OTEL_EXPORTER_OTLP_CERTIFICATE, …_CLIENT_CERTIFICATE and …_CLIENT_KEY name cannot be used: {error.Message}", error);
        }

        var isGrpc = otlp.Protocol == OtlpExportProtocol.Grpc;
        otlp.HttpClientFactory = () => counts is null
            ? collector
            : new HttpClient(new CollectorTransport(collector, OpenSpool(name, otlp, counts), counts, name, isGrpc, clock, logger)) { Timeout = Timeout.InfiniteTimeSpan };
        var endpoint = otlp.Endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
        LogSending(name, endpoint, otlp.Protocol);
        return otlp;
    }

    private ExportSpool? OpenSpool(string name, OtlpExporterOptions otlp, ExportCounts counts)
    {
        var (given, data) = (options.Value.Directory, runs.Value.DataDirectory);
        if (string.IsNullOrEmpty(given) && data.Length == 0)
        {
            return null;
        }

        // As what waits was made for one protocol, so that it cannot be sent by another.
        var form = $"{(otlp.Protocol == OtlpExportProtocol.Grpc ? "grpc" : "http")}-{otlp.Compression}".ToLowerInvariant();
        var directory = string.IsNullOrEmpty(given) ? Path.Combine(data, DefaultDirectory) : given;
        return _spools[name] = new ExportSpool(Path.GetFullPath(Path.Combine(directory, $"{name}-{form}")), options.Value.MaxWaitingBytes, counts);
    }

    private ExportCounts Count(string name, ExportBatches batches)
    {
        var counts = new ExportCounts(metrics, name, batches.MaxQueueSize, clock, logger);
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
