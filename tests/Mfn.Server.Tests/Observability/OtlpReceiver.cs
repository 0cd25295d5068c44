using System.Net;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Observability.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Span = Mfn.Server.Tests.Observability.Otlp.Span;
using StatusCode = Grpc.Core.StatusCode;

namespace Mfn.Server.Tests.Observability;

/// <summary>A collector: takes what is sent by OTLP, over gRPC on one port and over HTTP on another, and keeps it.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<(Resource Resource, Scope Scope, Span Span)> _spans = [];
    private readonly List<(Resource Resource, LogRecord Record)> _logs = [];
    private readonly List<Metric> _metrics = [];
    private readonly List<string> _headers = [];
    private readonly TestAuthority? _authority;
    private readonly X509Certificate2? _certificate;
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _app;
    private int _grpcPort;
    private int _httpPort;

    private OtlpReceiver(TestAuthority? authority) => (_authority, _certificate) = (authority, authority?.IssueServer());

    /// <summary>Where it takes OTLP over gRPC.</summary>
    public string GrpcUrl => $"{Scheme}://127.0.0.1:{_grpcPort}";

    /// <summary>Where it takes OTLP over HTTP.</summary>
    public string HttpUrl => $"{Scheme}://127.0.0.1:{_httpPort}";

    /// <summary>The values of the header authorization that came.</summary>
    public IReadOnlyList<string> Authorizations => Copy(_headers);

    public IReadOnlyList<(Resource Resource, Scope Scope, Span Span)> Spans => Copy(_spans);

    public IReadOnlyList<(Resource Resource, LogRecord Record)> Logs => Copy(_logs);

    public IReadOnlyList<Metric> Metrics => Copy(_metrics);

    /// <summary>What is answered to what comes; 0 if it is taken.</summary>
    public StatusCode Refusal { get; set; }

    private string Scheme => _certificate is null ? "http" : "https";

    /// <summary>Starts one.</summary>
    /// <param name="authority">Who vouches for it, and for whoever may send; null for no TLS.</param>
    public static async Task<OtlpReceiver> StartAsync(TestAuthority? authority = null)
    {
        var receiver = new OtlpReceiver(authority);
        await receiver.StartAsync();
        return receiver;
    }

    /// <summary>The variables that say where it is, and that what has ended is sent soon.</summary>
    public System.Collections.Hashtable Environment(bool overHttp = false) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = overHttp ? HttpUrl : GrpcUrl,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = overHttp ? "http/protobuf" : "grpc",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "20",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "20",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "50",
    };

    /// <summary>Is there again, where it was.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "collector" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, _grpcPort, listen => Listen(listen, HttpProtocols.Http2));
            kestrel.Listen(IPAddress.Loopback, _httpPort, listen => Listen(listen, HttpProtocols.Http1));
        });
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.Services.AddRoutingCore();

        // Nobody is to take its calls for those of a server.
        builder.Services.AddSingleton(new System.Diagnostics.ActivitySource("collector"));
        _app = builder.Build();
        _app.MapGrpcService<TraceReceiver>();
        _app.MapGrpcService<LogReceiver>();
        _app.MapGrpcService<MetricReceiver>();
        _app.MapPost("/v1/traces", context => TakeAsync(context, ExportTraceServiceRequest.Parser, Take));
        _app.MapPost("/v1/logs", context => TakeAsync(context, ExportLogsServiceRequest.Parser, Take));
        _app.MapPost("/v1/metrics", context => TakeAsync(context, ExportMetricsServiceRequest.Parser, Take));
        await _app.StartAsync();
        var ports = _app.Urls.Select(url => new Uri(url).Port).ToArray();
        (_grpcPort, _httpPort) = (ports[0], ports[1]);
    }

    /// <summary>Goes away.</summary>
    public async Task StopAsync()
    {
        if (_app is not null)
        {
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await _app.StopAsync(now.Token);
            await _app.DisposeAsync();
            _app = null;
        }
    }

    /// <summary>The spans of a trace, once they are as they should be.</summary>
    public Task<IReadOnlyList<Span>> TraceAsync(string traceId, Func<IReadOnlyList<Span>, bool> isComplete) => WaitAsync(
        () => (IReadOnlyList<Span>)[.. Spans.Select(each => each.Span).Where(span => Id(span.TraceId) == traceId)],
        isComplete,
        spans => SpanTree.Of(spans));

    /// <summary>Waits for something that comes of what arrives.</summary>
    public async Task<T> WaitAsync<T>(Func<T> read, Func<T, bool> isComplete, Func<T, string> tell)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            Task arrival;
            lock (_lock)
            {
                arrival = _arrival.Task;
            }

            var found = read();
            if (isComplete(found))
            {
                return found;
            }

            try
            {
                await arrival.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"The collector has got only\n{tell(found)}");
            }
        }
    }

    /// <summary>An id as it is written.</summary>
    public static string Id(ByteString id) => Convert.ToHexStringLower(id.Span);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _certificate?.Dispose();
    }

    private void Listen(ListenOptions listen, HttpProtocols protocols)
    {
        listen.Protocols = protocols;
        if (_certificate is not null)
        {
            listen.UseHttps(https =>
            {
                https.ServerCertificate = _certificate;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (certificate, _, _) =>
                {
                    using var chain = new X509Chain { ChainPolicy = _authority!.CreatePolicy() };
                    return chain.Build(certificate);
                };
            });
        }
    }

    private IReadOnlyList<T> Copy<T>(List<T> items)
    {
        lock (_lock)
        {
            return [.. items];
        }
    }

    private async Task TakeAsync<T>(HttpContext context, MessageParser<T> parser, Action<T> take)
        where T : IMessage<T>
    {
        if (Refusal != StatusCode.OK)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        NoteHeaders(context);
        take(parser.ParseFrom(body.ToArray()));
        context.Response.ContentType = "application/x-protobuf";
    }

    private void Require(ServerCallContext context)
    {
        NoteHeaders(context.GetHttpContext());
        if (Refusal != StatusCode.OK)
        {
            throw new RpcException(new Grpc.Core.Status(Refusal, "The collector takes nothing."));
        }
    }

    private void NoteHeaders(HttpContext context)
    {
        if (context.Request.Headers.TryGetValue("authorization", out var value))
        {
            lock (_lock)
            {
                _headers.Add(value.ToString());
            }
        }
    }

    private void Take(ExportTraceServiceRequest request) => Add(
        _spans, request.ResourceSpans.SelectMany(of => of.ScopeSpans.SelectMany(scope => scope.Spans.Select(span => (of.Resource, scope.Scope, span)))));

    private void Take(ExportLogsServiceRequest request) => Add(
        _logs, request.ResourceLogs.SelectMany(of => of.ScopeLogs.SelectMany(scope => scope.LogRecords.Select(record => (of.Resource, record)))));

    private void Take(ExportMetricsServiceRequest request) => Add(
        _metrics, request.ResourceMetrics.SelectMany(of => of.ScopeMetrics.SelectMany(scope => scope.Metrics)));

    private void Add<T>(List<T> items, IEnumerable<T> more)
    {
        TaskCompletionSource arrival;
        lock (_lock)
        {
            items.AddRange(more);
            (arrival, _arrival) = (_arrival, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        arrival.SetResult();
    }

    private sealed class TraceReceiver(OtlpReceiver receiver) : TraceService.TraceServiceBase
    {
        public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            receiver.Require(context);
            receiver.Take(request);
            return Task.FromResult(new ExportTraceServiceResponse());
        }
    }

    private sealed class LogReceiver(OtlpReceiver receiver) : LogsService.LogsServiceBase
    {
        public override Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context)
        {
            receiver.Require(context);
            receiver.Take(request);
            return Task.FromResult(new ExportLogsServiceResponse());
        }
    }

    private sealed class MetricReceiver(OtlpReceiver receiver) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            receiver.Require(context);
            receiver.Take(request);
            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }
}
