namespace Mfn.Server.Lifetime;

/// <summary>Listeners beside that of gRPC, each with a pipeline of its own, that live as long as the server.</summary>
internal static class SideListener
{
    /// <summary>What one is built with.</summary>
    /// <param name="name">The application's.</param>
    /// <param name="loggers">The server's.</param>
    public static WebApplicationBuilder CreateBuilder(string name, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = name });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, LifetimeOfServer>();
        return builder;
    }

    /// <summary>Starts one; false, with the reason, if its address is taken and nobody has asked for that.</summary>
    /// <param name="app">The listener, which is gone unless it has started.</param>
    /// <param name="isAsked">Whether somebody has said where it should listen.</param>
    /// <param name="cancellationToken">Of the start.</param>
    /// <exception cref="IOException">It cannot listen where somebody has told it to.</exception>
    public static async Task<(bool HasStarted, string Reason)> StartAsync(WebApplication app, bool isAsked, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
            return (true, "");
        }
        catch (IOException error)
        {
            await app.DisposeAsync();
            if (isAsked)
            {
                throw;
            }

            // Another server of this machine may have it.
            return (false, error.Message);
        }
    }

    /// <summary>Signals, and what is logged of the start, are the server's business.</summary>
    private sealed class LifetimeOfServer : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
