using Google.Protobuf;
using Grpc.Core;
using Mfn.Benchmarks.Peers;
using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Serving;

/// <summary>Sends messages of the size and shape of a simulation's, without a simulation.</summary>
internal sealed class EmptySimulationService : EmptySimulation.EmptySimulationBase
{
    public override async Task StreamSimulation(
        StreamSimulationRequest request, IServerStreamWriter<StreamSimulationResponse> responseStream, ServerCallContext context)
    {
        var response = new StreamSimulationResponse
        {
            Frame = new SimulationFrame
            {
                Statistics = new PotentialStatistics
                {
                    MinPotentialMillivolts = -90.0,
                    MaxPotentialMillivolts = -50.0,
                    MeanPotentialMillivolts = -70.0,
                    PotentialStandardDeviationMillivolts = 5.0,
                },
                Field = new Field
                {
                    Rows = request.Spec.GridSize,
                    Columns = request.Spec.GridSize,
                    Encoding = request.FieldEncoding,
                    Values = UnsafeByteOperations.UnsafeWrap(new byte[request.Spec.GridSize * request.Spec.GridSize * sizeof(float)]),
                },
            },
        };
        for (var step = 1; step <= request.Spec.Steps; step++)
        {
            response.Sequence = step - 1;
            response.Frame.Step = step;
            await responseStream.WriteAsync(response);
        }
    }
}
