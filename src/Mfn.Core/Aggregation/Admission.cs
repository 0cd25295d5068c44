using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation;

/// <summary>The door of a round: decides which updates count, one by one and independently of the order in which they came.</summary>
public static class Admission
{
    /// <summary>Tells the updates that satisfy the policy from the others.</summary>
    /// <exception cref="ArgumentException">The policy has problems; the message lists them all.</exception>
    public static AdmissionResult Admit(IEnumerable<Update> updates, AdmissionPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(policy);
        policy.FindProblems().ThrowIfAny(nameof(policy));

        var admitted = new List<Update>();
        var excluded = ImmutableArray.CreateBuilder<Exclusion>();
        foreach (var client in updates.GroupBy(update => update.ClientId).OrderBy(client => client.Key, StringComparer.Ordinal))
        {
            var sent = client.ToArray();
            if (Refuse(sent, policy) is { } refusal)
            {
                excluded.AddRange(Enumerable.Repeat(refusal, sent.Length));
            }
            else
            {
                admitted.Add(sent[0]);
            }
        }

        var set = new UpdateSet(
            [.. admitted.Select(update => update.ClientId)],
            [.. admitted.Select(update => update.Vector)],
            [.. admitted.Select(update => policy.MaximumWeight is null ? 1 : update.ClaimedWeight)],
            policy.Length);
        return new AdmissionResult(set, excluded.ToImmutable());
    }

    private static Exclusion? Refuse(Update[] sent, AdmissionPolicy policy)
    {
        var update = sent[0];
        if (sent.Length > 1)
        {
            return Refusal(ExclusionReason.DuplicateClient, $"sent {sent.Length} updates");
        }

        if (update.Vector.Length != policy.Length)
        {
            return Refusal(ExclusionReason.WrongLength, $"has {update.Vector.Length} components instead of {policy.Length}");
        }

        if (IndexOfNonFinite(update.Vector.Span) is var component and >= 0)
        {
            return Refusal(ExclusionReason.NotFinite, $"has a component {component} that is not finite");
        }

        if (policy.NormCap is { } cap && SquaredDistance.ToOrigin(update.Vector.Span) is var squared && Math.Sqrt(squared) > cap)
        {
            var norm = ParameterRange.Format(Math.Sqrt(squared));
            return Refusal(ExclusionReason.NormAboveCap, $"has norm {norm}, above {ParameterRange.Format(cap)}");
        }

        return policy.MaximumWeight is { } maximum && !(update.ClaimedWeight > 0 && update.ClaimedWeight <= maximum)
            ? Refusal(
                ExclusionReason.WeightOutOfBounds,
                $"claims weight {ParameterRange.Format(update.ClaimedWeight)}, not above 0 and at most {ParameterRange.Format(maximum)}")
            : null;

        Exclusion Refusal(ExclusionReason reason, string description) => new(update.ClientId, reason, description);
    }

    private static int IndexOfNonFinite(ReadOnlySpan<float> vector)
    {
        for (var i = 0; i < vector.Length; i++)
        {
            if (!float.IsFinite(vector[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
