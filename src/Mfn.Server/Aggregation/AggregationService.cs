using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;
using Mfn.Server.Translation;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Aggregation;

/// <summary>
/// Aggregates rounds. What a call holds is accounted for as it comes, and freed however the call ends. It has a place once its updates are complete, so that an
/// upload that goes slowly keeps nobody from computing.
/// </summary>
internal sealed class AggregationService(
    ComputePlaces places, AggregationMemory memory, CallPrices prices, RequestReader reader, ResponseWriter writer, ServerMetrics metrics, IOptionsMonitor<LimitsOptions> limits)
    : AggregationServiceBase
{
    public override async Task<AggregateResponse> Aggregate(AggregateRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        AggregationPlan? plan;
        using (Spans.Start(Spans.Validation))
        {
            plan = request.Spec.ToPlan(limits.CurrentValue, problems);
            problems.ThrowIfAny();
        }

        var work = prices.Announce(PriceList.Calls("aggregate") + plan!.PriceOf(request.Updates.Count, limits.CurrentValue.AggregationThreads), context);

        using var place = places.Take(MemoryHolder.Of(context));
        using var account = memory.Open(CallMemory.Of(context).Open(MemoryUse.Rounds));
        using var collector = new UpdateCollector(plan, memory, account);
        Collect(request, collector, problems);
        account.Reserve(collector.NeededBytes);
        var outcome = await place.ComputeAsync(
            ended => work.Measure(() => Aggregate(plan, collector, ended)), context.CancellationToken);
        return Spans.Within(Spans.Encoding, outcome.ToResponse);
    }

    public override async Task AggregateStream(
        IAsyncStreamReader<UploadMessage> requestStream, IServerStreamWriter<AggregateStreamResponse> responseStream, ServerCallContext context)
    {
        // The updates are freed before the answer, which a client may read slowly.
        var outcome = await writer.SendHeadersUnlessSoonAsync(CollectAndAggregateAsync(requestStream, context), context);
        foreach (var response in outcome.ToStream())
        {
            await writer.WriteAsync(responseStream, response, context);
        }
    }

    private async Task<RoundOutcome> CollectAndAggregateAsync(IAsyncStreamReader<UploadMessage> requestStream, ServerCallContext context)
    {
        await using var messages = reader.ReadUploadAsync(requestStream, context).GetAsyncEnumerator();
        if (!await messages.MoveNextAsync())
        {
            throw CallRefusedException.InvalidArgument("spec", "must be set in the first message");
        }

        using var first = messages.Current;
        var problems = new RequestProblems();
        var plan = first.Spec.ToPlan(limits.CurrentValue, problems);
        problems.ThrowIfAny();

        using var uploading = places.BeginUpload(MemoryHolder.Of(context));
        using var account = memory.Open(CallMemory.Of(context).OpenUpload(MemoryUse.Rounds));
        using var collector = new UpdateCollector(plan!, memory, account);
        CallWork? work = null;
        if (first.UpdateCount is { } announced)
        {
            collector.Announce(announced, problems);
            work = await prices.AnnounceInTurnAsync(plan!.PriceOf(announced, limits.CurrentValue.AggregationThreads), context);
        }

        Collect(first, collector, problems);
        first.Dispose();
        while (await messages.MoveNextAsync())
        {
            using var message = messages.Current;
            RequireNoStart(message, problems);
            Collect(message, collector, problems);
        }

        collector.RequireComplete(problems);
        problems.ThrowIfAny();
        work ??= await prices.AnnounceInTurnAsync(plan!.PriceOf(collector.ReceivedCount, limits.CurrentValue.AggregationThreads), context);
        using var place = await uploading.TakePlaceAsync(context.CancellationToken);
        await account.ReserveAsync(collector.NeededBytes, context.CancellationToken);
        return await place.ComputeAsync(
            ended => work.Measure(() => Aggregate(plan!, collector, ended)), context.CancellationToken);
    }

    private RoundOutcome Aggregate(AggregationPlan plan, UpdateCollector collector, CancellationToken ended)
    {
        var outcome = ServerMetrics.FailedRound;
        try
        {
            var round = RoundAggregator.Aggregate(plan, collector, limits.CurrentValue.AggregationThreads, ended);
            foreach (var refused in round.Refused)
            {
                metrics.RefusedUpdates.WithLabels(MetricLabel.ValueOf(refused.Reason)).Inc();
            }

            outcome = ServerMetrics.AnsweredRound;
            return round;
        }
        catch (CallRefusedException)
        {
            outcome = ServerMetrics.ShortRound;
            throw;
        }
        finally
        {
            metrics.Rounds.WithLabels(plan.Rule.Name, outcome).Inc();
        }
    }

    private static void RequireNoStart(UploadMessage message, RequestProblems problems)
    {
        if (message.Spec is not null)
        {
            problems.Add("spec", "must not be set after the first message");
        }

        if (message.UpdateCount is not null)
        {
            problems.Add("update_count", "must not be set after the first message");
        }
    }

    private static void Collect(AggregateRequest request, UpdateCollector collector, RequestProblems problems)
    {
        using var span = Spans.Start(Spans.Collection);
        collector.Announce(request.Updates.Count, problems);
        for (var i = 0; i < request.Updates.Count; i++)
        {
            var update = request.Updates[i];
            collector.Add(update.ClientId, update.HasClaimedWeight ? update.ClaimedWeight : 1, update.Values.Span, $"updates[{i}]", problems);
        }

        problems.ThrowIfAny();
    }

    private static void Collect(UploadMessage message, UpdateCollector collector, RequestProblems problems)
    {
        foreach (var (i, declaration) in message.Declarations.Index())
        {
            collector.Declare(
                declaration.ClientId,
                declaration.Length,
                declaration.HasClaimedWeight ? declaration.ClaimedWeight : 1,
                $"declarations[{i}]",
                problems);
        }

        foreach (var (i, chunk) in message.Chunks.Index())
        {
            collector.Append(chunk.ClientId, chunk.Values.Span, $"chunks[{i}]", problems);
        }

        problems.ThrowIfAny();
    }
}
