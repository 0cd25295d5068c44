using System.Runtime.InteropServices;
using Google.Protobuf;
using Mfn.Core.Aggregation.Rules;
using Mfn.Server.Aggregation;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Makes messages of what came out of rounds.</summary>
internal static class DecisionWireExtensions
{
    // Clients accept 4 MiB by default. A part of so many items is smaller than a message even if ids are as long as they may be.
    private const int MostBytesPerMessage = 2 * 1024 * 1024;
    private const int MostItemsPerPart = 2048;

    private const int ComponentsPerChunk = 128 * 1024;

    public static Wire.AggregateResponse ToResponse(this RoundOutcome outcome) =>
        new() { Decision = outcome.ToDecision(), Values = Wrap(outcome.Result.Vector) };

    public static Wire.AggregationDecision ToDecision(this RoundOutcome outcome)
    {
        var decision = new Wire.AggregationDecision();
        foreach (var part in outcome.ToDecisions())
        {
            decision.MergeFrom(part);
        }

        return decision;
    }

    /// <summary>The messages of a stream.</summary>
    public static IEnumerable<Wire.AggregateStreamResponse> ToStream(this RoundOutcome outcome)
    {
        var decision = new Wire.AggregationDecision();
        foreach (var part in outcome.ToDecisions())
        {
            if (decision.CalculateSize() + part.CalculateSize() > MostBytesPerMessage)
            {
                yield return new Wire.AggregateStreamResponse { Decision = decision };
                decision = new Wire.AggregationDecision();
            }

            decision.MergeFrom(part);
        }

        yield return new Wire.AggregateStreamResponse { Decision = decision };
        var vector = outcome.Result.Vector;
        for (var offset = 0; offset < vector.Length; offset += ComponentsPerChunk)
        {
            var length = Math.Min(ComponentsPerChunk, vector.Length - offset);
            yield return new Wire.AggregateStreamResponse
            {
                Chunk = new Wire.AggregateChunk { Offset = offset, Values = Wrap(vector.Slice(offset, length)) },
            };
        }
    }

    /// <summary>The decision in parts, which merge to the whole.</summary>
    private static IEnumerable<Wire.AggregationDecision> ToDecisions(this RoundOutcome outcome)
    {
        var (result, ids) = (outcome.Result, outcome.RuleClientIds);
        yield return new Wire.AggregationDecision
        {
            Rule = outcome.Plan.Rule.Name,
            Variant = outcome.Plan.Rule.Variant,
            ReceivedCount = outcome.ReceivedCount,
            UpdateCount = outcome.AdmittedCount,
            ByzantineCount = result.ByzantineCount,
            RuleUpdateCount = result.UpdateCount,
            IterationCount = result.IterationCount,
            IsConverged = result.IsConverged,
            Clusters = result.Hierarchy is { } hierarchy ? new Wire.ClusterDecision { SelectedCluster = hierarchy.SelectedCluster } : null,
        };

        foreach (var part in result.Scores.Select((score, i) => new Wire.UpdateScore { ClientId = ids[i], Score = score }).Chunk(MostItemsPerPart))
        {
            yield return new Wire.AggregationDecision { Scores = { part } };
        }

        foreach (var part in result.Selected.Select(i => ids[i]).Chunk(MostItemsPerPart))
        {
            yield return new Wire.AggregationDecision { Selected = { part } };
        }

        foreach (var part in outcome.Refused.Concat(result.Excluded).Select(each => each.ToWire(outcome)).Chunk(MostItemsPerPart))
        {
            yield return new Wire.AggregationDecision { Excluded = { part } };
        }

        foreach (var part in (result.Hierarchy?.ClusterSizes.Zip(result.Hierarchy.Representatives) ?? []).Chunk(MostItemsPerPart))
        {
            yield return new Wire.AggregationDecision
            {
                Clusters = new Wire.ClusterDecision { Sizes = { part.Select(each => each.First) }, Representatives = { part.Select(each => ids[each.Second]) } },
            };
        }
    }

    private static Wire.UpdateExclusion ToWire(this Exclusion exclusion, RoundOutcome outcome) => new()
    {
        ClientId = exclusion.ClientId,
        Reason = outcome.IsBeyondSingle(exclusion) ? Wire.ExclusionReason.OutOfRange : ToWire(exclusion.Reason),
        Description = exclusion.Description,
    };

    private static Wire.ExclusionReason ToWire(ExclusionReason reason) => reason switch
    {
        ExclusionReason.NotFinite => Wire.ExclusionReason.NotFinite,
        ExclusionReason.WrongLength => Wire.ExclusionReason.WrongLength,
        ExclusionReason.NormAboveCap => Wire.ExclusionReason.NormAboveCap,
        ExclusionReason.DuplicateClient => Wire.ExclusionReason.DuplicateClient,
        ExclusionReason.WeightOutOfBounds => Wire.ExclusionReason.WeightOutOfBounds,
        ExclusionReason.NotSampled => Wire.ExclusionReason.NotSampled,
        ExclusionReason.NotSelected => Wire.ExclusionReason.NotSelected,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "The reason has no wire name."),
    };

    private static ByteString Wrap(ReadOnlyMemory<float> vector) => ByteString.CopyFrom(MemoryMarshal.AsBytes(vector.Span));
}
