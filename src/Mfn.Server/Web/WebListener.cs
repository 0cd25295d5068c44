using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Lifetime;
using Mfn.Server.Logging;
using Mfn.Server.Memory;
using Mfn.Server.Security;
using Mfn.Server.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Web;

/// <summary>
/// Serves REST on a listener of its own: clients of HTTP/1.1 have other limits and other habits. Calls themselves are served by the one pipeline that there is.
/// </summary>
internal sealed partial class WebListener(
    IServiceProvider services, SettingsSource settings, TlsCredentials credentials, IOptions<WebOptions> options, ILoggerFactory loggers, ILogger<WebListener> logger)
    : IHostedLifecycleService, IAsyncDisposable
{
    private const int MaxHeaderBytes = 32 * 1024;

    private static readonly TimeSpan HeaderTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(2);

    private WebApplication? _app;

    /// <summary>Where it listens; null if it does not.</summary>
    public string? Url => _app?.Urls.Single();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <exception cref="IOException">It cannot listen where somebody has told it to.</exception>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        // Not before: what serves calls is there when the server has started.
        var given = settings.Current.Find($"{WebOptions.Section}:{nameof(WebOptions.Url)}");
        var url = given ?? (credentials.CertificateFile is null ? WebOptions.DefaultUrl : WebOptions.DefaultTlsUrl);
        if (url == WebOptions.Off)
        {
            return;
        }

        var app = Build(url);
        if (await SideListener.StartAsync(app, isAsked: given is not null, cancellationToken) is (false, var reason))
        {
            LogNotListening(url, reason);
            return;
        }

        _app = app;
        LogListening(Url!);
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
        {
            await _app.StopAsync(cancellationToken);
        }
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    private WebApplication Build(string url)
    {
        var isEncrypted = ListenAddresses.IsEncrypted(BindingAddress.Parse(url));
        var limits = services.GetRequiredService<IOptions<LimitsOptions>>().Value;
        var memory = services.GetRequiredService<ConnectionMemory>();
        var connections = services.GetRequiredService<OpenConnections>();
        var builder = SideListener.CreateBuilder("mfn-web", new WebLoggers(loggers));

        // Streams are sent as gRPC's are.
        builder.Services.AddSingleton(services.GetRequiredService<IMemoryPoolFactory<byte>>());
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.MaxWriteBufferSize = services.GetRequiredService<IOptions<StreamingOptions>>().Value.WriteBufferBytes);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseUrls(url);

        // TLS as gRPC has it.
        builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(services.GetRequiredService<TlsListenerSetup>());

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowAlternateSchemes = true;
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                // Without TLS a client cannot say which it wants.
                endpoint.Protocols = isEncrypted ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
                memory.CountAt(endpoint);
                OpenCalls.CountFor(endpoint);
                connections.CountAt(endpoint);
            });
            kestrel.Limits.MaxConcurrentConnections = limits.MaxConnections;

            // Whoever reads a body knows how large it may be, and says so.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
            kestrel.Limits.RequestHeadersTimeout = HeaderTime;
            kestrel.Limits.KeepAliveTimeout = IdleTime;
            kestrel.Limits.Http2.MaxStreamsPerConnection = OpenCalls.KestrelLimit(limits);
        });
        var app = builder.Build();
        app.UseRest(services, WebOptions.Split(options.Value.AllowedOrigins));
        return app;
    }

    [LogMeaning("Where REST is.")]
    [LoggerMessage(EventId = 2100, EventName = "WebListening", Level = LogLevel.Information, Message = "REST at {Url}")]
    private partial void LogListening(string url);

    [LogMeaning("There is no REST: something else has the default's port. Set `Web:Url`.")]
    [LoggerMessage(EventId = 2101, EventName = "WebNotListening", Level = LogLevel.Warning, Message = "No REST: the server cannot listen at {Url}, the default of Web:Url: {Reason}. Set it to another address, or to off")]
    private partial void LogNotListening(string url, string reason);
}
