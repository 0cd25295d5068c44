using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Health;
using Mfn.Server.Observability;
using Mfn.Server.Runs;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mfn.Server;

/// <summary>Adds what is seen of the server from outside: metrics and health.</summary>
internal static class ObservabilityExtensions
{
    private const string Serving = "serving";
    private const string Room = "room";
    private const string Disk = "disk";
    private const string Runs = "mfn.v1.RunService";

    // Health knows each by its name, and must not ask the contracts for it: nothing that the server does before its first answer reads them.
    private static readonly string[] ServiceNames =
    [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "mfn.v1.AggregationService",
        "mfn.v1.FeatureService",
        "mfn.v1.FractalService",
        "mfn.v1.MembraneService",
        Runs,
        "mfn.v1.SimulationService",
        "mfn.v1.ValidationService",
    ];

    /// <summary>Notes what is wrong with the variables that say where a collector is, if anything is sent to one.</summary>
    public static void CheckTelemetry(this ServerSettings settings)
    {
        var environment = new OtlpEnvironment(settings.Environment);
        (string Signal, string Setting)[] signals =
        [
            (OtlpEnvironment.Traces, nameof(TelemetryOptions.SendTraces)),
            (OtlpEnvironment.Metrics, nameof(TelemetryOptions.SendMetrics)),
            (OtlpEnvironment.Logs, nameof(TelemetryOptions.SendLogs)),
        ];
        if (signals.Any(each => environment.Sends(each.Signal, bool.TryParse(settings.Find($"{TelemetryOptions.Section}:{each.Setting}"), out var isOn) ? isOn : null)))
        {
            settings.Problems.AddRange(environment.FindProblems());
        }
    }

    public static void AddObservability(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<MethodMetrics>();
        services.AddHostedService<MetricSources>();
        services.AddSingleton<MetricsListener>();
        services.AddHostedService(provider => provider.GetRequiredService<MetricsListener>());
        services.AddSingleton<EpisodeLimit>();
        services.AddSingleton<TelemetryExport>();
        services.AddHostedService(provider => provider.GetRequiredService<TelemetryExport>());
        services.AddSingleton<ServingCheck>();
        services.AddSingleton<RoomCheck>();
        services.AddSingleton<DiskCheck>();
        services.AddSingleton<ClockCheck>();
        services.AddGrpcHealthChecks(health =>
        {
            // Watchers learn of the stop from GracefulStop, and stay until it has drained the server. To compute the checks for each call would
            // tell nothing more, and takes the start of a server longer.
            health.SuppressCompletionOnShutdown = true;
            health.UseHealthChecksCache = true;
            health.Services.Map("", check => check.Name == Serving);
            foreach (var name in ServiceNames)
            {
                health.Services.Map(name, check => check.Name == Serving || (name == Runs && check.Name is Room or Disk));
            }
        })
            .AddCheck<ServingCheck>(Serving, tags: [MetricsListener.Readiness])
            .AddCheck<RoomCheck>(Room, tags: [MetricsListener.Readiness])
            .AddCheck<DiskCheck>(Disk, tags: [MetricsListener.Readiness])
            .AddCheck<ClockCheck>("clock", tags: [MetricsListener.Readiness])
            .AddCheck<FollowedInputsCheck>("inputs", tags: [MetricsListener.Readiness]);
        services.AddSingleton<LastReadiness>();
        services.AddSingleton<IHealthCheckPublisher>(provider => provider.GetRequiredService<LastReadiness>());
        services.AddSingleton<HealthAnnouncer>();
        services.AddSingleton<HealthNotes>();
    }

    /// <summary>Has the metrics of all methods appear.</summary>
    public static void AddMethodMetrics(this WebApplication app) =>
        app.Services.GetRequiredService<MethodMetrics>().Add(((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints));

    /// <summary>Counts all calls, and traces those that somebody records.</summary>
    public static void UseCallCounting(this WebApplication app)
    {
        app.UseMiddleware<CallTracing>();
        app.UseMiddleware<CallCounting>();
    }
}
