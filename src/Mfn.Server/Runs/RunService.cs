using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Memory;
using Mfn.Server.Quotas;
using Mfn.Server.Storage;
using Mfn.Server.Translation;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Runs;

/// <summary>Runs that live on the server: clients start, watch, steer and copy them.</summary>
internal sealed class RunService(RunRegistry runs, CheckpointScrub scrub, ComputePlaces places, RequestReader reader, ResponseWriter writer, IOptionsMonitor<LimitsOptions> limits)
    : Contracts.V1.RunService.RunServiceBase
{
    public override async Task<CreateRunResponse> CreateRun(CreateRunRequest request, ServerCallContext context) =>
        new() { Run = await new RunCreation(runs, QuotaAccount.Of(context), limits.CurrentValue).CreateAsync(request, context) };

    public override async Task<CreateRunStreamResponse> CreateRunStream(IAsyncStreamReader<CreateRunStreamRequest> requestStream, ServerCallContext context)
    {
        using var uploading = places.BeginUpload(MemoryHolder.Of(context));
        using var received = CallMemory.Of(context).OpenUpload(MemoryUse.Requests);
        var start = await reader.MoveNextAsync(requestStream, context) ? requestStream.Current.Start : null;
        var parts = reader.ReadUploadAsync(requestStream, context).Select(message => message.HasValues ? message.Values : null);
        return start is null
            ? throw CallRefusedException.InvalidArgument("start", "must be the first message")
            : new CreateRunStreamResponse { Run = await new RunCreation(runs, QuotaAccount.Of(context), limits.CurrentValue).CreateAsync(start, parts, received, context) };
    }

    public override async Task<GetRunResponse> GetRun(GetRunRequest request, ServerCallContext context)
    {
        if (runs.FindDamaged(request.RunId, TenantOf(context)) is { } damaged)
        {
            return new GetRunResponse { Run = damaged.ToWire() };
        }

        var run = runs.Find(request.RunId, TenantOf(context));
        await run.CaughtUp.WaitAsync(context.CancellationToken);
        return new GetRunResponse { Run = run.ToWire() };
    }

    public override Task<ListRunsResponse> ListRuns(ListRunsRequest request, ServerCallContext context) => Task.FromResult(RunPage.Of(runs.AllOf(TenantOf(context)), request));

    public override Task<CheckRunResponse> CheckRun(CheckRunRequest request, ServerCallContext context) =>
        scrub.AnswerAsync(request, TenantOf(context), context.CancellationToken);

    public override async Task<DeleteRunResponse> DeleteRun(DeleteRunRequest request, ServerCallContext context)
    {
        var run = runs.Find(request.RunId, TenantOf(context));
        var last = await runs.DeleteAsync(run, RunEndReason.Deleted, context.CancellationToken);
        return new DeleteRunResponse { Run = run.ToWire(last) };
    }

    public override async Task WatchRun(WatchRunRequest request, IServerStreamWriter<WatchRunResponse> responseStream, ServerCallContext context)
    {
        var run = runs.Find(request.RunId, TenantOf(context));
        var problems = new RequestProblems();
        var order = request.ToOrder(run, problems);
        problems.ThrowIfAny();

        // They go with the first message, which is soon.
        runs.Services.AnnounceHeartbeats(context);
        var stream = new WatchStream(
            run,
            order,
            runs.Services,
            context,
            (message, isFollowed) => writer.WriteAsync(responseStream, message, context, isFollowed));
        await stream.RunAsync(context.CancellationToken);
    }

    public override async Task SteerRun(
        IAsyncStreamReader<SteerRunRequest> requestStream, IServerStreamWriter<SteerRunResponse> responseStream, ServerCallContext context)
    {
        runs.Services.AnnounceHeartbeats(context);
        await writer.SendHeadersAsync(context);
        await new SteeringStream(runs, limits.CurrentValue, reader, writer).RunAsync(requestStream, responseStream, context);
    }

    public override async Task<ForkRunResponse> ForkRun(ForkRunRequest request, ServerCallContext context)
    {
        var parent = runs.Find(request.RunId, TenantOf(context));
        using var held = CallMemory.Of(context).Open(MemoryUse.Runs);
        var checkpoint = await StateOfRun.AtAsync(parent, request.HasStep ? request.Step : null, runs.Services, held, context);
        var forkedFrom = new ForkPoint(parent.Id, RunPosition.Of(checkpoint));
        var problems = new RequestProblems();
        var plan = request.ToPlan(parent.Plan, checkpoint.State.Step, checkpoint.Spec.Pattern is not null, problems);
        var change = request.Changes?.ToChange("changes", checkpoint.Spec, limits.CurrentValue, problems);
        change?.CheckApplicable(checkpoint.Spec, "changes", problems);
        problems.ThrowIfAny();

        if (change is { IsEmpty: false })
        {
            held.Resize((2 * SimulationMemory.OfCheckpoint(checkpoint.Spec)) + SimulationMemory.OfEngine(checkpoint.Spec));
            checkpoint = await runs.Services.Scheduler.ComputeAsync(
                () =>
                {
                    using var simulation = SteeredSimulation.Restore(checkpoint);
                    simulation.Apply(change);
                    return simulation.Capture();
                },
                context);
        }

        return new ForkRunResponse { Run = runs.Start(checkpoint, plan, QuotaAccount.Of(context), forkedFrom).ToWire() };
    }

    public override async Task ExportRun(ExportRunRequest request, IServerStreamWriter<ExportRunResponse> responseStream, ServerCallContext context)
    {
        var run = runs.Find(request.RunId, TenantOf(context));
        using var held = CallMemory.Of(context).Open(MemoryUse.Answers);
        var checkpoint = await writer.SendHeadersUnlessSoonAsync(StateOfRun.AtAsync(run, request.HasStep ? request.Step : null, runs.Services, held, context), context);
        foreach (var chunk in CheckpointFile.Encode(checkpoint))
        {
            await writer.WriteAsync(responseStream, new ExportRunResponse { Chunk = UnsafeByteOperations.UnsafeWrap(chunk) }, context);
        }
    }

    public override async Task<ImportRunResponse> ImportRun(IAsyncStreamReader<ImportRunRequest> requestStream, ServerCallContext context)
    {
        if (!await reader.MoveNextAsync(requestStream, context) || requestStream.Current.Start is not { } start)
        {
            throw CallRefusedException.InvalidArgument("start", "must be the first message");
        }

        using var received = CallMemory.Of(context).OpenUpload(MemoryUse.Imports);
        var problems = new RequestProblems();
        var checkpoint = await new CheckpointUpload(reader, received, runs.Services.Prices, limits.CurrentValue).ReceiveAsync(requestStream, context, problems);
        var plan = start.ToPlan(checkpoint.State.Step, checkpoint.Spec.Pattern is not null, problems);
        problems.ThrowIfAny();
        return new ImportRunResponse { Run = runs.Start(checkpoint, plan, QuotaAccount.Of(context)).ToWire() };
    }

    private static string TenantOf(ServerCallContext context) => CallerIdentity.Of(context).Tenant;
}
