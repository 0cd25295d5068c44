using System.Text.Json;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Mfn.Server.Logging;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Prometheus;

namespace Mfn.Server.Observability;

/// <summary>
/// Serves metrics and health over HTTP on a listener of their own, with a pipeline of its own: no RPC can be reached there, and no metric elsewhere.
/// </summary>
internal sealed partial class MetricsListener(
    ServerMetrics metrics, HealthCheckService health, SettingsSource settings, IOptions<MetricsOptions> options, ILoggerFactory loggers, ILogger<MetricsListener> logger)
    : IHostedService, IAsyncDisposable
{
    /// <summary>The tag of the checks that readiness depends on.</summary>
    public const string Readiness = "ready";

    private const int MaxConnections = 64;
    private const int MaxHeaderBytes = 16 * 1024;

    private static readonly TimeSpan HeaderTime = TimeSpan.FromSeconds(5);
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    private WebApplication? _app;

    /// <summary>Where it listens; null if it does not.</summary>
    public string? Url => _app?.Urls.Single();

    /// <exception cref="IOException">It cannot listen where somebody has told it to.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Url == MetricsOptions.Off)
        {
            return;
        }

        var app = Build();
        var isAsked = settings.Current.Find($"{MetricsOptions.Section}:{nameof(MetricsOptions.Url)}") is not null;
        if (await SideListener.StartAsync(app, isAsked, cancellationToken) is (false, var reason))
        {
            LogNotListening(options.Value.Url, reason);
            return;
        }

        _app = app;
        LogListening(Url!);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends with the server, so that its end can be watched.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    private WebApplication Build()
    {
        var builder = SideListener.CreateBuilder("mfn-metrics", loggers);

        // What asks here is no call, and nobody wants a span of each scrape.
        builder.Services.AddSingleton(new System.Diagnostics.ActivitySource("mfn-metrics"));
        builder.WebHost.UseKestrelCore().UseUrls(options.Value.Url);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
            kestrel.Limits.RequestHeadersTimeout = HeaderTime;
        });
        var app = builder.Build();
        app.Use(RefuseOtherMethodsAsync);
        app.Map("/metrics", metricsApp => metricsApp.UseMetricServer(server => server.Registry = metrics.Registry, url: null));
        app.Map("/livez", live => live.Run(context => AnswerAsync(context, StatusCodes.Status200OK, json => json.WriteString("status", "alive"))));
        app.Map("/readyz", ready => ready.Run(AnswerReadinessAsync));
        app.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return context.Response.WriteAsync("There are /metrics, /livez and /readyz.\n");
        });
        return app;
    }

    private static Task RefuseOtherMethodsAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = "GET, HEAD";
        return Task.CompletedTask;
    }

    private async Task AnswerReadinessAsync(HttpContext context)
    {
        var report = await health.CheckHealthAsync(check => check.Tags.Contains(Readiness), context.RequestAborted);
        var isReady = report.Status != HealthStatus.Unhealthy;
        await AnswerAsync(context, isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, json =>
        {
            json.WriteString("status", isReady ? "ready" : "not_ready");
            json.WriteStartObject("checks");
            foreach (var (name, entry) in report.Entries)
            {
                json.WriteStartObject(name);
                json.WriteString("status", MetricLabel.ValueOf(entry.Status));
                if (entry.Description is { } reason)
                {
                    json.WriteString("reason", reason);
                }

                foreach (var (about, note) in entry.Data)
                {
                    json.WriteString(about, note.ToString());
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }

    private static async Task AnswerAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    [LoggerMessage(EventId = 1600, EventName = "MetricsListening", Level = LogLevel.Information, Message = "Metrics and health at {Url}")]
    [LogMeaning("Where metrics and health are.")]
    private partial void LogListening(string url);

    [LoggerMessage(EventId = 1601, EventName = "MetricsNotListening", Level = LogLevel.Warning, Message = "No metrics: the server cannot listen at {Url}, the default of Metrics:Url: {Reason}. Set it to another address, or to nothing")]
    [LogMeaning("There are no metrics: something else has the default's port. Set `Metrics:Url`.")]
    private partial void LogNotListening(string url, string reason);
}
