using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Cli;

/// <summary>The mean of all updates, whatever f: what the rules are there to replace.</summary>
internal sealed class UnprotectedMean : IAggregationRule
{
    private readonly Mean _mean = new();

    public RulePrecondition Precondition => _mean.Precondition;

    public AggregationResult Aggregate(
        UpdateSet updates, int byzantineCount, int threadCount = 1, CancellationToken cancellationToken = default) =>
        _mean.Aggregate(updates, 0, threadCount, cancellationToken);
}
