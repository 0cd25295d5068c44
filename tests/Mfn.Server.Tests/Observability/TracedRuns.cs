using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Observability;

/// <summary>Calls about live runs.</summary>
internal static class TracedRuns
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);
    private static readonly SimulationSpec Spec = new() { GridSize = 8, Steps = 20 };

    public static IReadOnlyDictionary<string, Func<TestServer, Metadata, Task>> Calls { get; } = new Dictionary<string, Func<TestServer, Metadata, Task>>
    {
        ["create"] = async (server, headers) => await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = Spec, Paused = true }, headers),
        ["steer"] = SteerAsync,
        ["export"] = async (server, headers) =>
            await server.Runs.ExportRun(new ExportRunRequest { RunId = await StoppedAsync(server), Step = 10 }, headers).ResponseStream.DrainAsync(),
        ["watch"] = async (server, headers) =>
            await server.Runs.WatchRun(new WatchRunRequest { RunId = await StoppedAsync(server), FromStep = 0 }, headers).ResponseStream.DrainAsync(),
        ["unknown run"] = (server, headers) => Assert.ThrowsAsync<RpcException>(async () => await server.Runs.GetRunAsync(new GetRunRequest { RunId = "none" }, headers)),
        ["unknown method"] = (server, headers) => Assert.ThrowsAsync<RpcException>(async () =>
            await server.Channel.CreateCallInvoker().AsyncUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, "mfn.v1.RunService", "Nonesuch", Bytes, Bytes), null, new CallOptions(headers), [])),
    };

    /// <summary>A run that has taken all its steps.</summary>
    public static async Task<string> StoppedAsync(TestServer server)
    {
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = Spec })).Run;
        await server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId }).ResponseStream.DrainAsync();
        return run.RunId;
    }

    private static async Task SteerAsync(TestServer server, Metadata headers)
    {
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = Spec, Paused = true })).Run;
        using var call = server.Runs.SteerRun(headers);
        foreach (var id in (string[])["a", "b"])
        {
            await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = id, ChangeParameters = new ChangeParameters { Alpha = 0.1 } } });
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            Assert.NotNull(call.ResponseStream.Current.Applied);
        }

        await call.RequestStream.CompleteAsync();
        await call.ResponseStream.DrainAsync();
    }
}
