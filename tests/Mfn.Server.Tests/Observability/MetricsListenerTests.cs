using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Observability;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Mfn.Server.Tests.Observability;

public sealed class MetricsListenerTests : IDisposable
{
    private const string AnyPort = "Metrics:Url=http://127.0.0.1:0";

    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Metrics_KnownCalls_AreCountedByMethodAndCode()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        for (var i = 0; i < 3; i++)
        {
            await server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.1, InsideMolar = 0.1, TemperatureKelvin = 300 });
        }

        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.GetRunAsync(new GetRunRequest { RunId = "0123456789abcdef0123456789abcdef" }));
        }

        var found = await ScrapeAsync(server);

        (string, string)[] nernst = [("service", "mfn.v1.MembraneService"), ("method", "ComputeNernstPotential")];
        Assert.Equal(3, found.Sum("mfn_rpc_started_total", nernst));
        Assert.Equal(3, found.Sum("mfn_rpc_handled_total", [.. nernst, ("code", "OK")]));
        Assert.Equal(3, found.Sum("mfn_rpc_duration_seconds_count", nernst));
        Assert.Equal(2, found.Sum("mfn_rpc_handled_total", ("method", "GetRun"), ("code", "NOT_FOUND")));
        Assert.Equal(2, found.Sum("mfn_rpc_refusals_total"));
        Assert.Equal((5, 0), (found.Sum("mfn_rpc_handled_total"), found.Sum("mfn_rpc_open")));
        Assert.Equal(5, found.Sum("mfn_auth_outcomes_total", ("credential", "anonymous"), ("outcome", "accepted")));
    }

    [Fact]
    public async Task Metrics_EveryDocumentedOne_IsThereWithItsType()
    {
        await using var server = await TestServer.StartAsync(AnyPort);

        var found = await ScrapeAsync(server);

        Assert.All(server.Metrics.Definitions, metric => Assert.Equal(MetricLabel.ValueOf(metric.Kind), found.Types.GetValueOrDefault(metric.PrometheusName)));
        Assert.All(found.Types.Keys.Where(name => name.StartsWith("mfn_", StringComparison.Ordinal)), name => Assert.Contains(server.Metrics.Definitions, metric => metric.PrometheusName == name));
    }

    /// <summary>Whatever callers make up, there are as many series afterwards as there can be for methods, codes and reasons.</summary>
    [Fact]
    public async Task Metrics_NamesThatCallersMakeUp_MakeNoSeries()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var random = new Random(1);
        await CallAsync();
        var before = await ScrapeAsync(server);

        for (var i = 0; i < 300; i++)
        {
            await CallAsync();
        }

        var after = await ScrapeAsync(server);
        Assert.Equal(before.Count, after.Count);
        Assert.Equal(301, after.Sum("mfn_rpc_started_total", ("service", "unknown"), ("method", "unknown")));
        Assert.Equal(301, after.Sum("mfn_rpc_handled_total", ("method", "unknown"), ("code", "UNIMPLEMENTED")));

        async Task CallAsync()
        {
            var method = new Method<GetRunRequest, GetRunResponse>(
                MethodType.Unary,
                $"s{random.Next()}.Service",
                $"Method{random.Next()}",
                Marshallers.Create(message => Google.Protobuf.MessageExtensions.ToByteArray(message), GetRunRequest.Parser.ParseFrom),
                Marshallers.Create(message => Google.Protobuf.MessageExtensions.ToByteArray(message), GetRunResponse.Parser.ParseFrom));
            var headers = new Metadata { { "x-correlation-id", $"id-{random.Next()}" }, { "x-api-key", $"key-{random.Next()}" } };
            var error = await Assert.ThrowsAsync<RpcException>(async () =>
                await server.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers), new GetRunRequest { RunId = $"{random.Next()}" }));
            Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        }
    }

    [Fact]
    public async Task Listener_WhatItDoesNotServe_IsRefused()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var url = server.MetricsUrl!;

        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(new Uri($"{url}/mfn.v1.RunService/GetRun"))).StatusCode);
        using var posted = await _http.PostAsync(new Uri($"{url}/metrics"), content: null);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET, HEAD"), (posted.StatusCode, string.Join(", ", posted.Content.Headers.Allow)));

        using var rpc = Grpc.Net.Client.GrpcChannel.ForAddress(url);
        await Assert.ThrowsAsync<RpcException>(async () => await new RunService.RunServiceClient(rpc).GetRunAsync(new GetRunRequest()));
        using var other = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "metrics")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.DoesNotContain("mfn_", await (await _http.SendAsync(other)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listener_PortIsTaken_KeepsTheServerFromStartingOnlyWhereSomebodyHasAskedForIt()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";

        var error = await Assert.ThrowsAsync<IOException>(() => TestServer.StartAsync($"Metrics:Url={url}"));
        Assert.Contains(url, error.Message, StringComparison.Ordinal);

        // Two that take the default: the second goes on without.
        string[] arguments = ["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None"];
        await using var first = MfnServer.Build(arguments);
        await first.StartAsync();
        await using var second = MfnServer.Build(arguments);
        await second.StartAsync();
        Assert.Null(second.Services.GetRequiredService<MetricsListener>().Url);
    }

    [Theory]
    [InlineData("https://127.0.0.1:0")]
    [InlineData("http://127.0.0.1:1;http://127.0.0.1:2")]
    [InlineData("127.0.0.1:9464")]
    [InlineData("http://127.0.0.1:9464/metrics")]
    public void Url_NotOnePlainAddress_IsRefused(string url)
    {
        var refused = Assert.Throws<InvalidSettingsException>(() => MfnServer.Build("--urls=http://127.0.0.1:0", $"--Metrics:Url={url}"));
        Assert.Contains("Metrics:Url", Assert.Single(refused.Problems), StringComparison.Ordinal);
    }

    /// <summary>What cannot be read leaves in force what was there; that is seen from outside.</summary>
    [Fact]
    public async Task Metrics_AFileThatBreaks_IsTold()
    {
        using var keys = new KeyFile();
        keys.Add(Roles.Viewer, "lab", "carol");
        await using var server = await TestServer.StartAsync(AnyPort, keys.Setting);
        (string, string)[] file = [("input", "Auth:ApiKeys:File")];
        var before = await ScrapeAsync(server);
        Assert.Equal((0, 0), (before.Sum("mfn_input_failing", file), before.Sum("mfn_input_failures_total")));
        Assert.InRange(before.Sum("mfn_input_in_force_timestamp_seconds", file), DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);

        await File.WriteAllTextAsync(keys.Path, "{");

        await Patience.UntilAsync(async () => (await ScrapeAsync(server)).Sum("mfn_input_failing", file) == 1);
        Assert.InRange((await ScrapeAsync(server)).Sum("mfn_input_failures_total"), 1, 60);
    }

    private async Task<Exposition> ScrapeAsync(TestServer server) => new(await _http.GetStringAsync(new Uri($"{server.MetricsUrl}/metrics")));
}
