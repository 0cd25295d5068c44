using System.Security.Cryptography;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using OpenTelemetry.Exporter;

namespace Mfn.Server.Observability;

/// <summary>The collector as variables tell of it, and what waits for it on disk.</summary>
/// <param name="environment">The variables.</param>
/// <param name="options">How much may wait, and where.</param>
/// <param name="dataDirectory">Where it waits if nobody says so; empty for nowhere.</param>
/// <param name="clock">Says when to try again.</param>
/// <param name="logger">Where what happens to it is told.</param>
internal sealed partial class Collector(OtlpEnvironment environment, TelemetryOptions options, string dataDirectory, TimeProvider clock, ILogger logger)
{
    private const string DefaultDirectory = "telemetry";

    private readonly Dictionary<string, ExportSpool> _spools = [];

    /// <summary>How much waits of a signal.</summary>
    public long WaitingBytes(string name) => _spools.GetValueOrDefault(name)?.Bytes ?? 0;

    /// <summary>How an exporter sends a signal.</summary>
    /// <param name="signal">The signal, as the variables call it.</param>
    /// <param name="name">The signal, as it is told of.</param>
    /// <param name="counts">What is counted of it; null if nothing is, and nothing waits.</param>
    /// <exception cref="IOException">The files that variables name, or the directory for what waits, cannot be used.</exception>
    public OtlpExporterOptions Open(string signal, string name, ExportCounts? counts = null)
    {
        var otlp = environment.ToOptions(signal);
        HttpClient client;
        try
        {
            client = otlp.HttpClientFactory();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or InvalidOperationException)
        {
            throw new IOException($"The files that OTEL_EXPORTER_OTLP_CERTIFICATE, …_CLIENT_CERTIFICATE and …_CLIENT_KEY name cannot be used: {error.Message}", error);
        }

        var isGrpc = otlp.Protocol == OtlpExportProtocol.Grpc;
        otlp.HttpClientFactory = () => counts is null
            ? client
            : new HttpClient(new CollectorTransport(client, OpenSpool(name, otlp, counts), counts, name, isGrpc, clock, logger)) { Timeout = Timeout.InfiniteTimeSpan };
        var endpoint = otlp.Endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
        LogSending(name, endpoint, otlp.Protocol);
        return otlp;
    }

    private ExportSpool? OpenSpool(string name, OtlpExporterOptions otlp, ExportCounts counts)
    {
        if (string.IsNullOrEmpty(options.Directory) && dataDirectory.Length == 0)
        {
            return null;
        }

        // What waits was made for one protocol, and cannot be sent by another.
        var form = $"{(otlp.Protocol == OtlpExportProtocol.Grpc ? "grpc" : "http")}-{otlp.Compression}".ToLowerInvariant();
        var directory = string.IsNullOrEmpty(options.Directory) ? Path.Combine(dataDirectory, DefaultDirectory) : options.Directory;
        return _spools[name] = new ExportSpool(Path.GetFullPath(Path.Combine(directory, $"{name}-{form}")), options.MaxWaitingBytes, counts);
    }

    [LoggerMessage(EventId = 1610, EventName = "TelemetrySending", Level = LogLevel.Information, Message = "Sends {Signal} to the collector at {Endpoint} ({Protocol})")]
    [LogMeaning("Where traces, metrics or logs are sent by OTLP, as the variables OTEL_… say.")]
    private partial void LogSending(string signal, string endpoint, OtlpExportProtocol protocol);
}
