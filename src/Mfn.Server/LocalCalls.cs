using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Pricing;
using Mfn.Server.Translation;

namespace Mfn.Server;

/// <summary>What services answer to calls that need nothing of a server, with the same checks and the same refusals.</summary>
public static class LocalCalls
{
    /// <summary>As <c>MembraneService.ComputeNernstPotential</c>.</summary>
    /// <exception cref="RpcException">What the service would answer.</exception>
    public static ComputeNernstPotentialResponse ComputeNernstPotential(ComputeNernstPotentialRequest request) => Answer(request, MembraneWireExtensions.ToResponse);

    /// <summary>As <c>MembraneService.ComputeGoldmanPotential</c>.</summary>
    /// <exception cref="RpcException">What the service would answer.</exception>
    public static ComputeGoldmanPotentialResponse ComputeGoldmanPotential(ComputeGoldmanPotentialRequest request) => Answer(request, MembraneWireExtensions.ToResponse);

    /// <summary>As <c>SimulationService.Explain</c> of a server in this process.</summary>
    /// <exception cref="RpcException">What the service would answer.</exception>
    public static ExplainResponse Explain(ExplainRequest request) => Answer(request, explained => explained.ToResponse(LimitsOptions.OfOneCaller, new Calibration()));

    /// <summary>As <c>SimulationService.EstimateCost</c> of a server in this process that has not measured anything.</summary>
    /// <exception cref="RpcException">What the service would answer.</exception>
    public static EstimateCostResponse EstimateCost(EstimateCostRequest request) =>
        Answer(request, estimated => estimated.ToPrice(LimitsOptions.OfOneCaller).ToResponse(new Calibration()));

    private static TResponse Answer<TRequest, TResponse>(TRequest request, Func<TRequest, TResponse> answer)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            return answer(request);
        }
        catch (CallRefusedException refused)
        {
            throw refused.ToRpcException();
        }
    }
}
