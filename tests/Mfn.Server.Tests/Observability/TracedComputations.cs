using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Observability;

/// <summary>Calls that compute something for their caller alone.</summary>
internal static class TracedComputations
{
    private static readonly SimulationSpec Spec = new() { GridSize = 8, Steps = 20 };

    public static IReadOnlyDictionary<string, Func<TestServer, Metadata, Task>> Calls { get; } = new Dictionary<string, Func<TestServer, Metadata, Task>>
    {
        ["simulate"] = async (server, headers) => await server.Simulation.SimulateAsync(new SimulateRequest { Spec = Spec, FieldEncoding = FieldEncoding.Float64 }, headers),
        ["simulate nothing"] = (server, headers) =>
            Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 1 } }, headers)),
        ["stream"] = (server, headers) => server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = Spec }, headers).ResponseStream.DrainAsync(),
        ["explain"] = async (server, headers) => await server.Simulation.ExplainAsync(new ExplainRequest { Spec = Spec }, headers),
        ["nernst"] = async (server, headers) =>
            await server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 1, InsideMolar = 2 }, headers),
        ["features"] = async (server, headers) => await server.Features.ExtractFeaturesAsync(new ExtractFeaturesRequest { Frames = { TestFields.History(2, 8, 8) } }, headers),
        ["validate"] = async (server, headers) => await new ValidationService.ValidationServiceClient(server.Channel).ValidateAsync(new ValidateRequest(), headers),
    };

    /// <summary>Reads all messages.</summary>
    public static async Task DrainAsync<T>(this IAsyncStreamReader<T> stream)
    {
        while (await stream.MoveNext(CancellationToken.None))
        {
        }
    }
}
