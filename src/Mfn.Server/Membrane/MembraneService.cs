using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Translation;

namespace Mfn.Server.Membrane;

/// <summary>Electrochemistry of a membrane.</summary>
internal sealed class MembraneService : Contracts.V1.MembraneService.MembraneServiceBase
{
    public override Task<ComputeNernstPotentialResponse> ComputeNernstPotential(ComputeNernstPotentialRequest request, ServerCallContext context) =>
        Task.FromResult(request.ToResponse());

    public override Task<ComputeGoldmanPotentialResponse> ComputeGoldmanPotential(ComputeGoldmanPotentialRequest request, ServerCallContext context) =>
        Task.FromResult(request.ToResponse());
}
