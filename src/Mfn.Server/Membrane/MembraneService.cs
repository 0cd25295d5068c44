using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Pricing;
using Mfn.Server.Translation;

namespace Mfn.Server.Membrane;

/// <summary>Electrochemistry of a membrane.</summary>
internal sealed class MembraneService(CallPrices prices) : Contracts.V1.MembraneService.MembraneServiceBase
{
    public override Task<ComputeNernstPotentialResponse> ComputeNernstPotential(ComputeNernstPotentialRequest request, ServerCallContext context)
    {
        prices.Announce(PriceList.Membrane(), context);
        return Task.FromResult(request.ToResponse());
    }

    public override Task<ComputeGoldmanPotentialResponse> ComputeGoldmanPotential(ComputeGoldmanPotentialRequest request, ServerCallContext context)
    {
        prices.Announce(PriceList.Membrane(), context);
        return Task.FromResult(request.ToResponse());
    }
}
