using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Translation;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Aggregation;

/// <summary>Aggregates rounds. What a call holds is accounted for, and freed however the call ends.</summary>
internal sealed class AggregationService(
    RoundAggregator aggregator, AggregationMemory memory, RequestReader reader, ResponseWriter writer, IOptions<LimitsOptions> limits)
    : Contracts.V1.AggregationService.AggregationServiceBase
{
    public override async Task<AggregateResponse> Aggregate(AggregateRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var plan = request.Spec.ToPlan(limits.Value, problems);
        problems.ThrowIfAny();

        using var account = memory.Open();
        var collector = new UpdateCollector(plan!, memory, account);
        for (var i = 0; i < request.Updates.Count; i++)
        {
            var update = request.Updates[i];
            collector.Add(update.ClientId, update.HasClaimedWeight ? update.ClaimedWeight : 1, update.Values.Span, $"updates[{i}]", problems);
        }

        problems.ThrowIfAny();
        var outcome = await aggregator.AggregateAsync(plan!, collector, account, context.CancellationToken);
        return outcome.ToResponse();
    }

    public override async Task AggregateStream(
        IAsyncStreamReader<AggregateStreamRequest> requestStream, IServerStreamWriter<AggregateStreamResponse> responseStream, ServerCallContext context)
    {
        // The updates are freed before the answer, which a client may read slowly.
        var outcome = await CollectAndAggregateAsync(requestStream, context);
        foreach (var response in outcome.ToStream())
        {
            await writer.WriteAsync(responseStream, response, context);
        }
    }

    private async Task<RoundOutcome> CollectAndAggregateAsync(IAsyncStreamReader<AggregateStreamRequest> requestStream, ServerCallContext context)
    {
        var problems = new RequestProblems();
        if (!await reader.MoveNextAsync(requestStream, context))
        {
            problems.Add("spec", "must be set in the first message");
            throw problems.ToException();
        }

        var plan = requestStream.Current.Spec.ToPlan(limits.Value, problems);
        problems.ThrowIfAny();

        using var account = memory.Open();
        var collector = new UpdateCollector(plan!, memory, account);
        Collect(requestStream.Current, collector, problems);
        while (await reader.MoveNextAsync(requestStream, context))
        {
            if (requestStream.Current.Spec is not null)
            {
                problems.Add("spec", "must not be set after the first message");
            }

            Collect(requestStream.Current, collector, problems);
        }

        collector.RequireComplete(problems);
        problems.ThrowIfAny();
        return await aggregator.AggregateAsync(plan!, collector, account, context.CancellationToken);
    }

    private static void Collect(AggregateStreamRequest message, UpdateCollector collector, RequestProblems problems)
    {
        for (var i = 0; i < message.Declarations.Count; i++)
        {
            var declaration = message.Declarations[i];
            collector.Declare(
                declaration.ClientId,
                declaration.Length,
                declaration.HasClaimedWeight ? declaration.ClaimedWeight : 1,
                $"declarations[{i}]",
                problems);
        }

        for (var i = 0; i < message.Chunks.Count; i++)
        {
            collector.Append(message.Chunks[i].ClientId, message.Chunks[i].Values.Span, $"chunks[{i}]", problems);
        }

        problems.ThrowIfAny();
    }
}
