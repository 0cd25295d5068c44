namespace Mfn.Server.Web;

/// <summary>Adds what serves those who do not speak gRPC.</summary>
internal static class WebExtensions
{
    public static void AddWeb(this IServiceCollection services)
    {
        services.AddSingleton<CallPipeline>();
        services.AddSingleton<RestServices>();
        services.AddSingleton<WebRouter>();
        services.AddSingleton<WebListener>();
        services.AddHostedService(provider => provider.GetRequiredService<WebListener>());
    }

    /// <summary>Lets calls of the other listener in here: what follows is what happens to all calls.</summary>
    public static void UseWeb(this WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<CallPipeline>().Take);

        // Which method is called is known when a request has been made to look like a call.
        app.UseRouting();
    }
}
