using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;
using Mfn.Server.Tests.GrpcStack;
using Answer = Grpc.Reflection.V1.ServerReflectionResponse.MessageResponseOneofCase;

namespace Mfn.Server.Tests.Reflection;

public sealed class ReflectionServiceTests
{
    [Fact]
    public async Task ListServices_Always_NamesEveryServiceThatIsMapped()
    {
        var answer = await AskAsync(new ServerReflectionRequest { Host = "h", ListServices = "" });

        Assert.Equal(
            [
                "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "mfn.v1.AggregationService", "mfn.v1.FeatureService", "mfn.v1.FractalService",
                "mfn.v1.MembraneService", "mfn.v1.SimulationService", "mfn.v1.ValidationService",
            ],
            answer.ListServicesResponse.Service.Select(service => service.Name));
        Assert.Equal("h", answer.ValidHost);
        Assert.Equal("h", answer.OriginalRequest.Host);
    }

    [Theory]
    [InlineData("mfn.v1.SimulationService", "mfn/v1/simulation_service.proto")]
    [InlineData("mfn.v1.SimulationService.StreamSimulation", "mfn/v1/simulation_service.proto")]
    [InlineData("mfn.v1.SimulationSpec.grid_size", "mfn/v1/simulation_service.proto")]
    [InlineData("mfn.v1.StreamSimulationResponse.kind", "mfn/v1/simulation_service.proto")]
    [InlineData("mfn.v1.FieldEncoding", "mfn/v1/field.proto")]
    [InlineData("mfn.v1.AggregationService.AggregateStream", "mfn/v1/aggregation_service.proto")]
    [InlineData("grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto")]
    public async Task FileContainingSymbol_AnyKindOfSymbol_BringsTheFileAndAllItNeeds(string symbol, string file)
    {
        var answer = await AskAsync(new ServerReflectionRequest { FileContainingSymbol = symbol });

        // Builds only if every dependency is there.
        var bytes = answer.FileDescriptorResponse.FileDescriptorProto;
        var files = bytes.Select(each => FileDescriptorProto.Parser.ParseFrom(each)).ToArray();
        Assert.Equal(file, files[0].Name);
        Assert.All(files, each => Assert.Subset(files.Select(other => other.Name).ToHashSet(), each.Dependency.ToHashSet()));
        Assert.Equal(files.Length, FileDescriptor.BuildFromByteStrings(bytes.Reverse()).Count);
    }

    [Fact]
    public async Task Requests_OfEveryKind_AreAnsweredInOrderOnOneStream()
    {
        ServerReflectionRequest[] requests =
        [
            new() { FileByFilename = "mfn/v1/membrane_service.proto" },
            new() { FileByFilename = "nothing.proto" },
            new() { FileContainingSymbol = "mfn.v1.Nothing" },
            new() { FileContainingExtension = new ExtensionRequest { ContainingType = "mfn.v1.Field", ExtensionNumber = 9 } },
            new() { AllExtensionNumbersOfType = "mfn.v1.Field" },
            new() { AllExtensionNumbersOfType = "mfn.v1.Nothing" },
            new(),
        ];

        var answers = await AskAllAsync(requests);

        Assert.Equal(
            [
                Answer.FileDescriptorResponse, Answer.ErrorResponse, Answer.ErrorResponse, Answer.ErrorResponse,
                Answer.AllExtensionNumbersResponse, Answer.ErrorResponse, Answer.ErrorResponse,
            ],
            answers.Select(answer => answer.MessageResponseCase));
        Assert.Equal(requests, answers.Select(answer => answer.OriginalRequest));
        Assert.Equal((int)StatusCode.NotFound, answers[1].ErrorResponse.ErrorCode);
        Assert.Equal("The server has no symbol 'mfn.v1.Nothing'.", answers[2].ErrorResponse.ErrorMessage);
        Assert.Equal((int)StatusCode.InvalidArgument, answers[6].ErrorResponse.ErrorCode);
    }

    private static async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest request) => Assert.Single(await AskAllAsync(request));

    private static async Task<List<ServerReflectionResponse>> AskAllAsync(params ServerReflectionRequest[] requests)
    {
        await using var server = await TestServer.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo();
        foreach (var request in requests)
        {
            await call.RequestStream.WriteAsync(request);
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseStream.ReadAllAsync().ToListAsync().AsTask().Within();
    }
}
