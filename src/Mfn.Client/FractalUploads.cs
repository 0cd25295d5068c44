using Google.Protobuf;
using Grpc.Net.Client;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>Sends to FractalService what does not fit into a message.</summary>
/// <param name="channel">For one upload.</param>
/// <param name="maxMessageBytes">The largest message.</param>
internal sealed class FractalUploads(GrpcChannel channel, int maxMessageBytes)
{
    private readonly FractalService.FractalServiceClient _fractals = new(channel);

    public async Task<ComputeBoxCountingDimensionResponse> ComputeBoxCountingDimensionAsync(
        ComputeBoxCountingDimensionRequest request, CancellationTokenSource leaving)
    {
        var start = request.Clone();
        start.Field.Values = ByteString.Empty;
        using var call = _fractals.ComputeBoxCountingDimensionStream(cancellationToken: leaving.Token);
        var messages = FieldParts.Cut(request.Field.Values, maxMessageBytes)
            .Select(values => new ComputeBoxCountingDimensionStreamRequest { Values = values })
            .Prepend(new ComputeBoxCountingDimensionStreamRequest { Start = start });
        return (await FieldParts.SendAsync(call, messages, leaving)).Dimension;
    }

    public async Task<ComputeHistoryStabilityResponse> ComputeHistoryStabilityAsync(
        ComputeHistoryStabilityStreamStart start, IEnumerable<Field> frames, CancellationTokenSource leaving)
    {
        using var call = _fractals.ComputeHistoryStabilityStream(cancellationToken: leaving.Token);
        var messages = frames.SelectMany(frame => FieldParts.Cut(
            frame,
            maxMessageBytes,
            whole => new ComputeHistoryStabilityStreamRequest { Frame = whole },
            values => new ComputeHistoryStabilityStreamRequest { Values = values }));
        return (await FieldParts.SendAsync(call, messages.Prepend(new ComputeHistoryStabilityStreamRequest { Start = start }), leaving)).Stability;
    }
}
