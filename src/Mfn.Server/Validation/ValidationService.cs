using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Validation;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Memory;
using Mfn.Server.Pricing;
using Mfn.Server.Translation;

namespace Mfn.Server.Validation;

/// <summary>The reference's validation cycle, which counts as a run.</summary>
internal sealed class ValidationService(ComputePlaces places, CallPrices prices) : Contracts.V1.ValidationService.ValidationServiceBase
{
    public override async Task<ValidateResponse> Validate(ValidateRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var spec = request.ToSpec(problems);
        problems.ThrowIfAny();
        var work = prices.Announce(PriceList.Calls("validate") + PriceList.Validation(spec), context);

        using var place = places.Take(MemoryHolder.Of(context));
        var report = await place.ComputeAsync(cancellationToken => work.Measure(() => ValidationCycle.Run(spec, cancellationToken)), context.CancellationToken);
        return report.ToResponse();
    }
}
