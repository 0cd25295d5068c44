using System.Collections;
using Mfn.Contracts.V1;
using Mfn.Server.Configuration;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Logging;

/// <summary>Which calls are logged, by <c>Logging:Requests</c>.</summary>
public sealed class RequestLogTests : IDisposable
{
    private readonly JsonLog _log = new();

    [Theory]
    [InlineData("off", 0)]
    [InlineData("mfn.v1.RunService", 0)]
    [InlineData("mfn.v1.RunService, mfn.v1.MembraneService", 1)]
    [InlineData("all", 2)]
    public async Task Calls_AreLoggedOfTheServicesNamed(string requests, int count)
    {
        await using (var server = await _log.StartServerAsync($"Logging:Requests={requests}"))
        {
            await server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 });
            await server.Features.DescribeFeaturesAsync(new DescribeFeaturesRequest());
            await server.StopAsync();
        }

        var lines = _log.Lines.Where(line => JsonLog.Member(line, "category")!.StartsWith("Mfn.Server.Calls.", StringComparison.Ordinal)).ToArray();
        Assert.All(lines, line => Assert.Equal("CallEnded", JsonLog.Member(line, "event")));
        Assert.Equal(count, lines.Length);
    }

    [Fact]
    public async Task Change_IsFollowed()
    {
        WebApplication? app = null;
        await using var server = await TestServer.StartAsync(
            each =>
            {
                app = each;
                each.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
            },
            "Logging:LogLevel:Default=Information",
            "Logging:Console:LogLevel:Default=None");
        await server.Features.DescribeFeaturesAsync(new DescribeFeaturesRequest());

        app!.Services.GetRequiredService<SettingsSource>().Replace(ServerSettings.Read(["--Logging:Requests=mfn.v1.FeatureService", "--Logging:LogLevel:Default=Information"], new Hashtable()));
        await server.Features.DescribeFeaturesAsync(new DescribeFeaturesRequest());
        await server.StopAsync();

        Assert.Single(_log.Lines, line => JsonLog.Member(line, "event") == "CallEnded");
    }

    /// <summary>Whatever is logged, a stream is two lines, not some for each frame.</summary>
    [Fact]
    public async Task Watch_OfManyFrames_IsTwoLines()
    {
        const int StepCount = 500;
        var received = 0;
        using var log = new JsonLog(LogLevel.Trace);
        await using (var server = await log.StartServerAsync("Logging:Requests=all"))
        {
            var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = StepCount } })).Run.RunId;
            using var call = server.Runs.WatchRun(new WatchRunRequest { RunId = run, FromStep = 0 });
            while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
                received++;
            }

            await server.StopAsync();
        }

        // Of debugging lines there are some for each call, and none for each frame.
        Assert.InRange(received, StepCount / 2, int.MaxValue);
        Assert.InRange(log.Lines.Count(line => JsonLog.Member(line, "rpc") == "mfn.v1.RunService/WatchRun"), 2, StepCount / 10);
        Assert.Equal(["StreamBegun", "CallEnded"], log.Lines.Where(line => JsonLog.Member(line, "level") is not ("Trace" or "Debug") && JsonLog.Member(line, "rpc") == "mfn.v1.RunService/WatchRun").Select(line => JsonLog.Member(line, "event")));
    }

    [Theory]
    [InlineData("mfn.v1.RunServices", "was 'mfn.v1.RunServices'; did you mean mfn.v1.RunService?")]
    [InlineData("mfn.v1.RunService,nonsense", "was 'nonsense'.")]
    [InlineData("ALL", "was 'ALL'.")]
    public void Names_ThatThereAreNot_AreRefused(string requests, string told)
    {
        var problems = MfnServer.FindProblems($"--Logging:Requests={requests}");

        Assert.Equal([$"--set Logging:Requests must be off, all, or names of services with commas between them, but {told}"], problems);
    }

    [Fact]
    public void Format_OfAnEnvironment_IsPlainForDevelopersAndJsonElsewhere()
    {
        foreach (var (environment, format) in new[] { ("dev", LogFormat.Plain), ("staging", LogFormat.Json), ("prod", LogFormat.Json), ("edge", LogFormat.Json) })
        {
            var settings = ServerSettings.Read(["--environment", environment], new Hashtable());
            Assert.Equal((environment, format.ToString()), (environment, settings.Find("Logging:Format") ?? nameof(LogFormat.Plain)), IgnoreCase);
        }
    }

    public void Dispose() => _log.Dispose();

    private static bool IgnoreCase((string Environment, string Format) one, (string Environment, string Format) other) =>
        one.Environment == other.Environment && one.Format.Equals(other.Format, StringComparison.OrdinalIgnoreCase);
}
