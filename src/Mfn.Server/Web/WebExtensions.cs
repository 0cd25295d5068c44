using Mfn.Server.Identity;
using Mfn.Server.Web.Reference;

namespace Mfn.Server.Web;

/// <summary>Adds what serves those who do not speak gRPC.</summary>
internal static class WebExtensions
{
    public static void AddWeb(this IServiceCollection services)
    {
        services.AddSingleton<CallPipeline>();
        services.AddSingleton<RestEndpoints>();
        services.AddSingleton<RestServices>();
        services.AddSingleton<WebRoutes>();
        services.AddSingleton<IWebRoutes, ReferenceApi>();
        services.AddSingleton<GrpcWeb>();
        services.AddSingleton<SocketServices>();
        services.AddSingleton<ReferenceSockets>();
        services.AddSingleton<SocketRouter>();
        services.AddSingleton<ApiDocument>();
        services.AddSingleton<IWebRoutes, ApiDocumentation>();
        services.AddSingleton<WebRouter>();
        services.AddSingleton<WebCounting>();
        services.AddSingleton<WebListener>();
        services.AddHostedService(provider => provider.GetRequiredService<WebListener>());
    }

    /// <summary>What the web listener does with a request.</summary>
    /// <param name="app">Of the listener.</param>
    /// <param name="services">Those of the server.</param>
    /// <param name="allowedOrigins">Whose pages may call.</param>
    public static void UseRest(this WebApplication app, IServiceProvider services, IReadOnlyList<string> allowedOrigins)
    {
        app.Use(services.GetRequiredService<WebCounting>().InvokeAsync);
        app.Use(new BrowserGuard(services.GetRequiredService<TrustedProxies>(), allowedOrigins).InvokeAsync);
        app.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true });
        app.Use(services.GetRequiredService<GrpcWeb>().InvokeAsync);
        app.Run(services.GetRequiredService<WebRouter>().InvokeAsync);
    }

    /// <summary>Lets calls of the other listener in here: what follows is what happens to all calls.</summary>
    public static void UseWeb(this WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<CallPipeline>().Take);

        // Which method is called is known when a request has been made to look like a call.
        app.UseRouting();
    }
}
