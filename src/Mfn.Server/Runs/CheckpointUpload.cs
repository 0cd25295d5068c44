using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Mfn.Server.Pricing;
using Mfn.Server.Storage;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>A checkpoint that a client sends in chunks.</summary>
/// <param name="reader">Reads the chunks.</param>
/// <param name="memory">Grows with what comes.</param>
/// <param name="prices">Are told what it costs.</param>
/// <param name="limits">What the checkpoint must be within.</param>
internal sealed class CheckpointUpload(RequestReader reader, MemoryReservation memory, CallPrices prices, LimitsOptions limits)
{
    /// <summary>Receives all that follows the first message.</summary>
    /// <param name="requests">Past the first message.</param>
    /// <param name="context">The call.</param>
    /// <param name="problems">Gets what is wrong with a whole checkpoint.</param>
    /// <exception cref="CallRefusedException">It is no checkpoint, or damaged, or too large.</exception>
    public async Task<SimulationCheckpoint> ReceiveAsync(IAsyncStreamReader<ImportRunRequest> requests, ServerCallContext context, RequestProblems problems)
    {
        using var decoder = new CheckpointDecoder(limits.MaxGridSize);
        try
        {
            while (await reader.MoveNextAsync(requests, context))
            {
                if (requests.Current.KindCase != ImportRunRequest.KindOneofCase.Chunk)
                {
                    throw CallRefusedException.InvalidArgument("chunk", "must be set in every message after the first");
                }

                decoder.Append(requests.Current.Chunk.Span);
                memory.Resize(decoder.HeldBytes);
            }

            var checkpoint = decoder.Complete();
            checkpoint.Check("chunk", limits, problems);
            await prices.AnnounceInTurnAsync(PriceList.States(checkpoint.Spec, 1), context);
            return checkpoint;
        }
        catch (InvalidDataException error)
        {
            throw CallRefusedException.InvalidArgument("chunk", $"must bring a checkpoint that this server can use: {error.Message.TrimEnd('.')}");
        }
    }
}
