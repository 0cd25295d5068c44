using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;
using Mfn.Server.Quotas;
using Mfn.Server.Translation;
using InitialFields = Mfn.Core.Steering.InitialFields;
using SimulationSpec = Mfn.Core.Simulation.SimulationSpec;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Runs;

/// <summary>Starts the runs that callers of a tenant ask for.</summary>
/// <param name="runs">Where they live.</param>
/// <param name="owner">Whose they are.</param>
/// <param name="limits">What a run may be.</param>
internal sealed class RunCreation(RunRegistry runs, QuotaAccount owner, LimitsOptions limits)
{
    /// <summary>A run whose initial fields have come with the request.</summary>
    /// <exception cref="CallRefusedException">There is something wrong with the request, or too many runs.</exception>
    public async Task<Wire.Run> CreateAsync(CreateRunRequest request, ServerCallContext context)
    {
        var (spec, plan, fields) = Spans.Within(Spans.Validation, () => Read(request));
        runs.Services.Prices.Announce(PriceList.States(spec, 1), context);
        return await CreateAsync(spec, plan, fields, context.CancellationToken);
    }

    /// <summary>A run the values of whose initial fields follow, refused before they come if it can be.</summary>
    /// <exception cref="CallRefusedException">There is something wrong with the request or the values, or too many runs.</exception>
    public async Task<Wire.Run> CreateAsync(CreateRunRequest request, IAsyncEnumerable<ByteString?> values, MemoryReservation received, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var spec = request.Spec.ToSpec(limits, problems);
        var plan = request.ToPlan(spec, problems);
        var upload = new FieldUpload(limits, problems, received);
        var incoming = request.InitialFields.Declare(spec, upload, problems);
        problems.ThrowIfAny();
        await runs.Services.Prices.AnnounceInTurnAsync(PriceList.States(spec, 1), context);
        runs.RequireRoom(spec, plan, owner.TenantName);
        owner.Hold(QuotaKind.LiveRuns).Dispose();

        await upload.ReceiveAsync(values);
        var fields = incoming.ToInitialFields(spec, problems);
        problems.ThrowIfAny();
        return await CreateAsync(spec, plan, fields, context.CancellationToken);
    }

    private (SimulationSpec Spec, RunPlan Plan, InitialFields Fields) Read(CreateRunRequest request)
    {
        var problems = new RequestProblems();
        var spec = request.Spec.ToSpec(limits, problems);
        var plan = request.ToPlan(spec, problems);
        var fields = request.InitialFields.ToInitialFields(spec, limits, problems);
        problems.ThrowIfAny();
        return (spec, plan, fields);
    }

    private async Task<Wire.Run> CreateAsync(SimulationSpec spec, RunPlan plan, InitialFields fields, CancellationToken cancellationToken)
    {
        runs.RequireRoom(spec, plan, owner.TenantName);
        var checkpoint = await ComputeScheduler.ComputeAsync(
            () =>
            {
                using var simulation = new SteeredSimulation(spec, fields);
                return simulation.Capture();
            },
            runs.Services.Scheduler.QueueOfIdentity(owner.Holder),
            cancellationToken);
        return runs.Start(checkpoint, plan, owner).ToWire();
    }
}
