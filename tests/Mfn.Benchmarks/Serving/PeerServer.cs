using Mfn.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Mfn.Benchmarks.Serving;

/// <summary>The real server, with what the benchmarks compare it by: the same Kestrel, gRPC and interceptor settings for all.</summary>
internal static class PeerServer
{
    /// <summary>Serves on loopback until SIGTERM, and says where on standard output; port 0 takes a free one.</summary>
    public static async Task ServeAsync(string port)
    {
        await using var app = MfnServer.Build("--urls", $"http://127.0.0.1:{port}", "--Logging:LogLevel:Default", "Warning");
        app.MapGrpcService<PeerService>().AllowAnonymous();
        app.MapGrpcService<EmptySimulationService>().AllowAnonymous();
        await app.StartAsync();
        Console.WriteLine($"Listening on {app.Urls.Single()}");
        await app.WaitForShutdownAsync();
    }
}
