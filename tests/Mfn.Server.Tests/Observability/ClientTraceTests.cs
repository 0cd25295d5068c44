using System.Collections;
using System.Diagnostics;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.Observability.Otlp;

namespace Mfn.Server.Tests.Observability;

/// <summary>Traces that begin where calls do: in the .NET client, and in a command.</summary>
[Collection(TelemetryTests.Name)]
public sealed class ClientTraceTests
{
    /// <summary>The real command, a server and a collector: one trace, from the command to where the server's time goes.</summary>
    [Fact]
    public async Task Command_WithTrace_IsTheRootOfWhatTheServerDoes()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var environment = receiver.Environment();
        environment["OTEL_TRACES_EXPORTER"] = "otlp";
        await using var server = await TestServer.StartInAsync(environment);

        using var command = MfnProcess.Start(Variables(receiver.Environment()), ["run", "list", "--trace", "--server", server.Address.OriginalString]);
        Assert.Equal(0, await command.ExitCodeAsync());

        var id = (await command.Error).Split('\n').Single(line => line.StartsWith("mfn: trace ", StringComparison.Ordinal))["mfn: trace ".Length..].Trim();
        var spans = await receiver.TraceAsync(id, spans => spans.Count == 3);
        Assert.Equal("mfn run list\n  mfn.v1.RunService/ListRuns OK\n    mfn.v1.RunService/ListRuns OK", SpanTree.Of(spans));
        Assert.Equal([SpanKind.Internal, SpanKind.Client, SpanKind.Server], spans.OrderBy(span => span.StartTimeUnixNano).Select(span => span.Kind));
    }

    [Fact]
    public async Task Command_ThatFailsOrIsNotTraced_SaysSo()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        string[] call = ["run", "list", "--server", "http://127.0.0.1:1"];

        using var failed = MfnProcess.Start(Variables(receiver.Environment()), [.. call, "--trace"]);
        Assert.NotEqual(0, await failed.ExitCodeAsync());
        using var nowhere = MfnProcess.Start(new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "" }, [.. call, "--trace"]);
        await nowhere.ExitCodeAsync();
        using var untraced = MfnProcess.Start(Variables(receiver.Environment()), call);
        await untraced.ExitCodeAsync();

        var id = (await failed.Error).Split('\n')[0]["mfn: trace ".Length..].Trim();
        Assert.Equal("mfn run list error\n  mfn.v1.RunService/ListRuns UNAVAILABLE error", SpanTree.Of(await receiver.TraceAsync(id, spans => spans.Count == 2)));
        Assert.Contains("which is sent nowhere", await nowhere.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("mfn: trace", await untraced.Error, StringComparison.Ordinal);
        Assert.Equal(2, receiver.Spans.Count);
    }

    [Fact]
    public async Task Client_EachKindOfCall_HasOneSpanThatEndsWithIt()
    {
        await using var server = await TestServer.StartAsync();
        using var listener = new Listener();
        using var parent = new Activity("test").Start();
        using (var client = new MfnClient(new MfnClientOptions { Address = server.Address }))
        {
            await client.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 2 } });
            await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 1 } }));
            await foreach (var _ in client.StreamSimulationAsync(new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 3 } }))
            {
            }

            await foreach (var _ in client.StreamSimulationAsync(new StreamSimulationRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 1000 } }))
            {
                break;
            }

            // What is under way where a call was made is what was before.
            Assert.Same(parent, Activity.Current);
        }

        await GrpcStack.Patience.UntilAsync(() => listener.Ended.Length == 4);
        const string Simulation = "mfn.v1.SimulationService/";
        Assert.Equal([$"{Simulation}Simulate OK", $"{Simulation}Simulate INVALID_ARGUMENT", $"{Simulation}StreamSimulation OK", $"{Simulation}StreamSimulation CANCELLED"], listener.Ended);
        Assert.All(listener.Parents, each => Assert.Equal(parent.SpanId, each));
    }

    private static Dictionary<string, string> Variables(Hashtable environment) =>
        environment.Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private sealed class Listener : IDisposable
    {
        private readonly List<Activity> _ended = [];
        private readonly ActivityListener _listener;

        public Listener()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == MfnClient.ActivitySourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity =>
                {
                    lock (_ended)
                    {
                        _ended.Add(activity);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public string[] Ended => [.. All().Select(activity => $"{activity.DisplayName} {activity.GetTagItem("rpc.response.status_code")}")];

        public IEnumerable<ActivitySpanId> Parents => All().Select(activity => activity.ParentSpanId);

        public void Dispose() => _listener.Dispose();

        private Activity[] All()
        {
            lock (_ended)
            {
                return [.. _ended];
            }
        }
    }
}
