using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;
using Mfn.Server.Tests.GrpcStack;
using Alpha = Grpc.Reflection.V1Alpha;
using Answer = Grpc.Reflection.V1.ServerReflectionResponse.MessageResponseOneofCase;

namespace Mfn.Server.Tests.Reflection;

public sealed class ReflectionServiceTests
{
    private static readonly string[] Services =
    [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", "mfn.v1.AggregationService",
        "mfn.v1.FeatureService", "mfn.v1.FractalService", "mfn.v1.MembraneService", "mfn.v1.RunService", "mfn.v1.SimulationService",
        "mfn.v1.ValidationService",
    ];

    [Fact]
    public async Task ListServices_EitherVersion_NamesEveryServiceThatIsMapped()
    {
        await using var server = await TestServer.StartAsync();

        var answer = Assert.Single(await AskAsync(server, new ServerReflectionRequest { ListServices = "" }));
        var alpha = Assert.Single(await AskAlphaAsync(server, new Alpha.ServerReflectionRequest { ListServices = "" }));

        Assert.Equal(Services, answer.ListServicesResponse.Service.Select(service => service.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Services, alpha.ListServicesResponse.Service.Select(service => service.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ListServices_EachService_IsKnownToHealth()
    {
        await using var server = await TestServer.StartAsync();
        var answer = Assert.Single(await AskAsync(server, new ServerReflectionRequest { ListServices = "" }));

        foreach (var service in answer.ListServicesResponse.Service)
        {
            var health = await server.Health.CheckAsync(new HealthCheckRequest { Service = service.Name });
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        }
    }

    [Theory]
    [InlineData("mfn.v1.SimulationService", "mfn/v1/simulation_service.proto")]
    [InlineData("mfn.v1.SimulationService.StreamSimulation", "mfn/v1/simulation_service.proto")]
    [InlineData("mfn.v1.SimulationSpec", "mfn/v1/simulation.proto")]
    [InlineData("mfn.v1.RunService.WatchRun", "mfn/v1/run_service.proto")]
    [InlineData("mfn.v1.FieldEncoding", "mfn/v1/field.proto")]
    [InlineData("mfn.v1.AggregationService", "mfn/v1/aggregation_service.proto")]
    [InlineData("mfn.v1.AggregationService.AggregateStream", "mfn/v1/aggregation_service.proto")]
    [InlineData("google.rpc.Status", "google/rpc/status.proto")]
    [InlineData("grpc.health.v1.HealthCheckResponse.ServingStatus", "health.proto")]
    public async Task FileContainingSymbol_ServiceMethodOrType_BringsTheFileAndAllItNeeds(string symbol, string file)
    {
        await using var server = await TestServer.StartAsync();

        var answer = Assert.Single(await AskAsync(server, new ServerReflectionRequest { FileContainingSymbol = symbol }));
        var alpha = Assert.Single(await AskAlphaAsync(server, new Alpha.ServerReflectionRequest { FileContainingSymbol = symbol }));

        RequireWhole(file, answer.FileDescriptorResponse.FileDescriptorProto);
        RequireWhole(file, alpha.FileDescriptorResponse.FileDescriptorProto);
    }

    [Fact]
    public async Task Requests_OfEveryKind_AreAnsweredInOrderOnOneStream()
    {
        await using var server = await TestServer.StartAsync();

        var answers = await AskAsync(
            server,
            new ServerReflectionRequest { FileByFilename = "mfn/v1/membrane_service.proto" },
            new ServerReflectionRequest { FileByFilename = "nothing.proto" },
            new ServerReflectionRequest { FileContainingSymbol = "mfn.v1.Nothing" },
            new ServerReflectionRequest { FileContainingExtension = new ExtensionRequest { ContainingType = "mfn.v1.Field", ExtensionNumber = 9 } },
            new ServerReflectionRequest { ListServices = "" });

        Assert.Equal(
            [Answer.FileDescriptorResponse, Answer.ErrorResponse, Answer.ErrorResponse, Answer.ErrorResponse, Answer.ListServicesResponse],
            answers.Select(answer => answer.MessageResponseCase));
        Assert.Equal([StatusCode.NotFound, StatusCode.NotFound], answers[1..3].Select(answer => (StatusCode)answer.ErrorResponse.ErrorCode));
    }

    [Fact]
    public async Task Stream_ClientThatAsksNothing_EndsAfterTheReadTimeout()
    {
        await using var server = await TestServer.StartAsync("Streaming:ReadTimeout=00:00:00.200");
        using var call = new ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo();

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.Equal((StatusCode.ResourceExhausted, "The client sent no message for 00:00:00.2000000."), (error.StatusCode, error.Status.Detail));
    }

    // Builds only if every dependency is there.
    private static void RequireWhole(string file, IEnumerable<ByteString> bytes)
    {
        var byName = bytes.Select(each => (FileDescriptorProto.Parser.ParseFrom(each).Name, Bytes: each)).ToDictionary(each => each.Name, each => each.Bytes);
        var ordered = new List<ByteString>();
        Add(file);
        Assert.Equal(byName.Count, FileDescriptor.BuildFromByteStrings(ordered).Count);

        void Add(string name)
        {
            if (ordered.Contains(byName[name]))
            {
                return;
            }

            foreach (var dependency in FileDescriptorProto.Parser.ParseFrom(byName[name]).Dependency)
            {
                Add(dependency);
            }

            ordered.Add(byName[name]);
        }
    }

    private static async Task<List<ServerReflectionResponse>> AskAsync(TestServer server, params ServerReflectionRequest[] requests)
    {
        using var call = new ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo();
        foreach (var request in requests)
        {
            await call.RequestStream.WriteAsync(request);
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseStream.ReadAllAsync().ToListAsync().AsTask().Within();
    }

    private static async Task<List<Alpha.ServerReflectionResponse>> AskAlphaAsync(TestServer server, params Alpha.ServerReflectionRequest[] requests)
    {
        using var call = new Alpha.ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo();
        foreach (var request in requests)
        {
            await call.RequestStream.WriteAsync(request);
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseStream.ReadAllAsync().ToListAsync().AsTask().Within();
    }
}
