using System.Globalization;
using Mfn.Server.Aggregation;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Frames;
using Mfn.Server.Identity;
using Mfn.Server.Lifetime;
using Mfn.Server.Memory;
using Mfn.Server.Pricing;
using Mfn.Server.Quotas;
using Mfn.Server.Runs;
using Mfn.Server.Security;
using Mfn.Server.Shutdown;
using Mfn.Server.Simulation;
using Mfn.Server.Storage;
using Mfn.Server.Transport;
using Mfn.Server.Web;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Mfn.Server;

/// <summary>The composition root: what the server is made of.</summary>
public static class MfnServer
{
    /// <summary>Where the server listens unless told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:50051";

    // A frame of HTTP/2 costs the same whatever its size, so that a field should take few. Used as far as the client allows it too.
    private const int MaxFrameBytes = 256 * 1024;
    private const string MaxStepsVariable = $"MFN_{LimitsOptions.Section}__{nameof(LimitsOptions.MaxSteps)}";

    /// <summary>A server that is ready to start.</summary>
    /// <param name="args">
    /// Settings as on a command line, such as <c>--urls http://127.0.0.1:0 --config mfn.json --set Limits:MaxSteps=5000</c>, for short also
    /// <c>--Limits:MaxSteps=5000</c>. They win over environment variables (<c>MFN_Limits__MaxSteps</c>), which win over the file.
    /// </param>
    /// <exception cref="InvalidSettingsException">Settings do not exist, are out of their range, contradict one another, or name files that cannot be used.</exception>
    public static WebApplication Build(params string[] args) => Build(ServerSettings.Read(args, Environment.GetEnvironmentVariables()));

    /// <summary>What <see cref="Build(string[])"/> would say is wrong; nothing is built.</summary>
    public static IReadOnlyList<string> FindProblems(params string[] args) => SettingsReport.Read(args, Environment.GetEnvironmentVariables()).Problems;

    /// <summary>Reads the files that settings name, and notes among the settings' problems what is wrong with them, or with several together.</summary>
    internal static (TlsCredentials Credentials, AccessRules Access) Check(ServerSettings settings)
    {
        var credentials = TlsCredentials.Load(settings, DefaultUrl, TimeProvider.System);
        var access = AccessRules.Load(settings, DefaultUrl);
        settings.CheckQuotas();
        settings.CheckSecrets();
        MetricsOptions.Check(settings);
        LoggingExtensions.Check(settings);
        WebOptions.Check(settings);
        settings.CheckTelemetry();
        return (credentials, access);
    }

    /// <summary>
    /// A server for this process alone, on a free loopback port, which allows more steps. Of the environment it takes the settings that say what it allows, not those that
    /// say where a server is, whom it trusts, what it keeps and what it logs.
    /// </summary>
    /// <exception cref="InvalidSettingsException">As of <see cref="Build(string[])"/>.</exception>
    public static WebApplication BuildForThisProcess()
    {
        // It keeps nothing on disk, of which a server may have to warn.
        string[] args = ["--urls=http://127.0.0.1:0", "--Metrics:Url=off", "--Web:Url=off", "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Mfn.Server.Storage=Error"];
        var environment = Environment.GetEnvironmentVariables();
        if (!environment.Keys.Cast<string>().Contains(MaxStepsVariable, StringComparer.OrdinalIgnoreCase))
        {
            environment[MaxStepsVariable] = LimitsOptions.OfOneCaller.MaxSteps.ToString(CultureInfo.InvariantCulture);
        }

        return Build(ServerSettings.Read(args, environment, IsAllowance));

        static bool IsAllowance(string setting) =>
            setting.StartsWith($"{LimitsOptions.Section}:", StringComparison.Ordinal) || setting.StartsWith($"{StreamingOptions.Section}:", StringComparison.Ordinal);
    }

    /// <summary>A server with settings that somebody has read.</summary>
    internal static WebApplication Build(ServerSettings settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "mfn" });
        var (credentials, access) = Check(settings);
        builder.AddSettings(settings);
        builder.Services.AddTls(credentials);
        builder.AddServerLogging();
        AddKestrel(builder);
        AddRuns(builder.Services);
        builder.Services.AddCalls(access);
        builder.Services.AddQuotas();
        builder.Services.AddObservability();
        builder.Services.AddWeb();

        var app = builder.Build();
        app.UseWeb();
        app.UseCallCounting();
        app.UseAudit();
        app.UseMiddleware<CallMemoryMiddleware>();
        app.UseCalls();
        app.UseQuotas();
        app.MapGrpcService<Simulation.SimulationService>();
        app.MapGrpcService<RunService>();
        app.MapGrpcService<Features.FeatureService>();
        app.MapGrpcService<Fractals.FractalService>();
        app.MapGrpcService<Membrane.MembraneService>();
        app.MapGrpcService<Validation.ValidationService>();
        app.MapGrpcService<AggregationService>();
        app.MapGrpcHealthChecksService().EndWithServer();
        if (app.Services.GetRequiredService<IOptions<ReflectionOptions>>().Value.Enabled)
        {
            app.MapGrpcReflectionService().EndWithServer();
        }

        PermissionTable.RequireAll(app);
        app.AddMethodMetrics();
        return app;
    }

    private static void AddKestrel(WebApplicationBuilder builder)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.UseUrls(builder.Configuration["urls"] ?? DefaultUrl);
        builder.Services.AddSingleton<BlockPoolFactory>();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(provider => provider.GetRequiredService<BlockPoolFactory>());
        builder.Services.AddOptions<SocketTransportOptions>().Configure<IOptions<StreamingOptions>>(
            (sockets, streaming) => sockets.MaxWriteBufferSize = streaming.Value.WriteBufferBytes);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<LimitsOptions>, OpenConnections, ConnectionMemory>((kestrel, limits, connections, memory) =>
        {
            kestrel.AddServerHeader = false;

            // A proxy that ends TLS may pass on its client's scheme.
            kestrel.AllowAlternateSchemes = true;
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                endpoint.Protocols = HttpProtocols.Http2;
                memory.CountAt(endpoint);
                OpenCalls.CountFor(endpoint);
                connections.CountAt(endpoint);
            });
            kestrel.Limits.Http2.MaxFrameSize = MaxFrameBytes;

            // Limits:MaxRequestBytes bounds a message; a limit of a body would cut one off that is within it.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxConcurrentConnections = limits.Value.MaxConnections;
            kestrel.Limits.Http2.MaxStreamsPerConnection = OpenCalls.KestrelLimit(limits.Value);
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);

            // A subscriber may read slowly; the write time-out, not a data rate, tells the slow from the stuck.
            kestrel.Limits.MinResponseDataRate = null;
        });
    }

    private static void AddRuns(IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IIdleMemory, IdleBlocks>();
        services.AddSingleton<IIdleMemory>(provider => provider.GetRequiredService<FieldBufferPool>());
        services.AddSingleton<IIdleMemory, IdleFields>();
        services.AddSingleton<MemoryAccount>();
        services.AddSingleton<ConnectionMemory>();
        services.AddHostedService<MemoryTrimmer>();
        services.AddSingleton<Calibration>();
        services.AddSingleton<CallPrices>();
        services.AddSingleton<ComputeScheduler>();
        services.AddSingleton<FrameScheduler>();
        services.AddSingleton<FieldBufferPool>();
        services.AddSingleton<ComputePlaces>();
        services.AddSingleton<SimulationRegistry>();
        services.AddSingleton<RunRegistry>();
        services.AddHostedService(provider => provider.GetRequiredService<RunRegistry>());
        services.AddHostedService<CalibrationFile>();
        services.AddSingleton<CheckpointScrub>();
        services.AddHostedService(provider => provider.GetRequiredService<CheckpointScrub>());
        services.AddSingleton<AggregationMemory>();
        services.AddHostedService<RuntimeNotice>();
        services.AddHostedService<HeartbeatNotice>();
        services.AddSingleton<ServerLifetime>();
        services.AddSingleton<OpenConnections>();
        services.AddSingleton<GracefulStop>();
        services.AddHostedService(provider => provider.GetRequiredService<GracefulStop>());
        services.AddSingleton<IConfigureOptions<HostOptions>>(provider => provider.GetRequiredService<GracefulStop>());
    }
}
