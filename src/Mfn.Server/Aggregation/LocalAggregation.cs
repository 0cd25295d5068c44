using System.Collections.Immutable;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Aggregation.Updates;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Translation;

namespace Mfn.Server.Aggregation;

/// <summary>What the service does, without a server: the updates stay where they are, and memory is needed only to work in.</summary>
public static class LocalAggregation
{
    /// <summary>Aggregates a round of equally weighted updates.</summary>
    /// <param name="spec">How; the encoding does not matter.</param>
    /// <param name="clientIds">Who sent each of the updates; in ordinal order.</param>
    /// <param name="source">The updates in single precision.</param>
    /// <param name="beyondSingle">The first component of an update that only single precision cannot hold, if nothing before it is not finite.</param>
    /// <param name="threadCount">How many threads may work; the result does not depend on it.</param>
    /// <param name="cancellationToken">Ends the computation.</param>
    /// <exception cref="RpcException">What the service would answer, or this machine has not the memory to work in.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static (AggregationDecision Decision, ReadOnlyMemory<float> Vector) Aggregate(
        AggregationSpec spec,
        ImmutableArray<string> clientIds,
        IUpdateSource source,
        Func<int, (int Index, double Value)?> beyondSingle,
        int threadCount,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            var problems = new RequestProblems();
            var plan = spec.ToPlan(new LimitsOptions { AggregationThreads = threadCount }, problems);
            problems.ThrowIfAny();
            RequireMemory(plan!, source.Count);
            var outcome = RoundAggregator.Aggregate(plan!, new UpdatesInPlace(clientIds, source, beyondSingle), threadCount, cancellationToken);
            return (outcome.ToDecision(), outcome.Result.Vector);
        }
        catch (CallRefusedException refused)
        {
            throw refused.ToRpcException();
        }
    }

    private static void RequireMemory(AggregationPlan plan, int updateCount)
    {
        var (needed, available) = (plan.WorkingBytesFor(updateCount), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (needed > available)
        {
            throw CallRefusedException.TooLarge(
                $"{updateCount} updates of {plan.Policy.Length} components take {needed} bytes to work in as asked, above the {available} of this machine.",
                needed,
                available);
        }
    }
}
