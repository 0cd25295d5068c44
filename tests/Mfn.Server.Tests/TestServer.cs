using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Aggregation;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Frames;
using Mfn.Server.Memory;
using Mfn.Server.Simulation;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using SimulationService = Mfn.Contracts.V1.SimulationService;

namespace Mfn.Server.Tests;

/// <summary>The real server on a free loopback port, and a plain gRPC channel to it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app)
    {
        _app = app;
        Channel = Connect();
        Simulation = new SimulationService.SimulationServiceClient(Channel);
        Runs = new RunService.RunServiceClient(Channel);
        Features = new FeatureService.FeatureServiceClient(Channel);
        Fractals = new FractalService.FractalServiceClient(Channel);
        Membrane = new MembraneService.MembraneServiceClient(Channel);
        Aggregation = new Contracts.V1.AggregationService.AggregationServiceClient(Channel);
        Health = new Grpc.Health.V1.Health.HealthClient(Channel);
    }

    public GrpcChannel Channel { get; }

    public SimulationService.SimulationServiceClient Simulation { get; }

    public RunService.RunServiceClient Runs { get; }

    public FeatureService.FeatureServiceClient Features { get; }

    public FractalService.FractalServiceClient Fractals { get; }

    public MembraneService.MembraneServiceClient Membrane { get; }

    public Contracts.V1.AggregationService.AggregationServiceClient Aggregation { get; }

    public Grpc.Health.V1.Health.HealthClient Health { get; }

    public Uri Address => new(_app.Urls.Single());

    public ComputePlaces Places => _app.Services.GetRequiredService<ComputePlaces>();

    public SimulationRegistry Simulations => _app.Services.GetRequiredService<SimulationRegistry>();

    /// <summary>What the server's live runs share.</summary>
    public Mfn.Server.Runs.RunServices RunServices => _app.Services.GetRequiredService<Mfn.Server.Runs.RunRegistry>().Services;

    public FieldBufferPool Buffers => _app.Services.GetRequiredService<FieldBufferPool>();

    public MemoryAccount Memory => _app.Services.GetRequiredService<MemoryAccount>();

    public Mfn.Server.Pricing.Calibration Calibration => _app.Services.GetRequiredService<Mfn.Server.Pricing.Calibration>();

    public AggregationMemory AggregationMemory => _app.Services.GetRequiredService<AggregationMemory>();

    public Mfn.Server.Web.WebRoutes WebRoutes => _app.Services.GetRequiredService<Mfn.Server.Web.WebRoutes>();

    public System.Diagnostics.Metrics.IMeterFactory Meters => _app.Services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();

    public Mfn.Server.Observability.ServerMetrics Metrics => _app.Services.GetRequiredService<Mfn.Server.Observability.ServerMetrics>();

    /// <summary>Where metrics and health are; null if nowhere.</summary>
    public string? MetricsUrl => _app.Services.GetRequiredService<Mfn.Server.Observability.MetricsListener>().Url;

    /// <summary>Where REST is; null if nowhere.</summary>
    public string? WebUrl => _app.Services.GetRequiredService<Mfn.Server.Web.WebListener>().Url;

    public Mfn.Server.Runs.CheckpointScrub CheckpointScrub => _app.Services.GetRequiredService<Mfn.Server.Runs.CheckpointScrub>();

    public Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckService HealthChecks =>
        _app.Services.GetRequiredService<Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckService>();

    public Mfn.Server.Quotas.QuotaLedger Quotas => _app.Services.GetRequiredService<Mfn.Server.Quotas.QuotaLedger>();

    public OpenCalls OpenCalls => _app.Services.GetRequiredService<OpenCalls>();

    /// <summary>Starts a server with settings such as "Limits:MaxSteps=5".</summary>
    public static Task<TestServer> StartAsync(params string[] settings) => StartAsync(_ => { }, settings);

    /// <summary>Starts a server in an environment of its own, with nothing but the given variables.</summary>
    public static Task<TestServer> StartInAsync(System.Collections.IDictionary environment, params string[] settings) => StartAsync(_ => { }, environment, settings);

    /// <summary>The same for one to which a test has added something.</summary>
    public static Task<TestServer> StartInAsync(Action<WebApplication> addTo, System.Collections.IDictionary environment, params string[] settings) => StartAsync(addTo, environment, settings);

    /// <summary>Starts a server to which a test has added something.</summary>
    public static Task<TestServer> StartAsync(Action<WebApplication> addTo, params string[] settings) => StartAsync(addTo, Environment.GetEnvironmentVariables(), settings);

    private static async Task<TestServer> StartAsync(Action<WebApplication> addTo, System.Collections.IDictionary environment, string[] settings)
    {
        string[] defaults = ["urls=http://127.0.0.1:0", "Logging:LogLevel:Default=None", "Metrics:Url=off", "Web:Url=off"];
        var given = settings.Select(setting => setting.Split('=')[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var app = MfnServer.Build(Mfn.Server.Configuration.ServerSettings.Read(
            defaults.Where(setting => !given.Contains(setting.Split('=')[0])).Concat(settings).Select(setting => $"--{setting}"), environment));
        addTo(app);
        await app.StartAsync();
        return new TestServer(app);
    }

    /// <summary>A further connection.</summary>
    public GrpcChannel Connect() => GrpcChannel.ForAddress(Address, new GrpcChannelOptions { MaxReceiveMessageSize = 16 * 1024 * 1024 });

    /// <summary>The only simulation of a call under way, once there is one.</summary>
    public async Task<OwnedSimulation> TheSimulationAsync(AsyncServerStreamingCall<StreamSimulationResponse> call)
    {
        // Its first frame tells that it is under way.
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return Assert.Single(Simulations.Active);
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _app.DisposeAsync();
    }
}
