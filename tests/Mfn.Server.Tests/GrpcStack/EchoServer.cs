using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Mfn.Server.Tests.GrpcStack.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>A Kestrel that speaks HTTP/2 on a free port of the loopback interface, and the channels to it.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<GrpcChannel> _channels = [];

    private EchoServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Urls.Single());
    }

    public Uri Address { get; }

    public static async Task<EchoServer> StartAsync(
        EchoHandlers? handlers = null,
        Action<GrpcServiceOptions>? configure = null,
        Action<HttpsConnectionAdapterOptions>? configureTls = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            if (configureTls is not null)
            {
                endpoint.UseHttps(configureTls);
            }
        }));
        builder.Services.AddGrpc(configure ?? (_ => { }));
        builder.Services.AddSingleton(handlers ?? new EchoHandlers());

        var app = builder.Build();
        app.MapGrpcService<EchoHandlers>();
        await app.StartAsync();
        return new EchoServer(app);
    }

    /// <summary>A channel of its own, closed with the server.</summary>
    public GrpcChannel Connect(Action<GrpcChannelOptions>? configure = null)
    {
        var options = new GrpcChannelOptions { DisposeHttpClient = true };
        configure?.Invoke(options);
        var channel = GrpcChannel.ForAddress(Address, options);
        _channels.Add(channel);
        return channel;
    }

    public EchoService.EchoServiceClient CreateClient(Action<GrpcChannelOptions>? configure = null) =>
        new(Connect(configure));

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        await _app.DisposeAsync();
    }
}
