using System.Collections.Immutable;
using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;

namespace Mfn.Core.Aggregation.Attacks;

/// <summary>Measures how far attacks move rules.</summary>
public static class AttackLaboratory
{
    /// <summary>Every attack with its defaults; the seed is that of those that are random.</summary>
    public static ImmutableArray<IAttack> AttacksWithSeed(ulong seed) =>
    [
        new SignFlip(), new InnerProductManipulation(), new LittleIsEnough(), new MinMax(), new Mimic(), new InfiniteValues(),
        new GaussianNoise(seed: seed), new LargeNorm(), new SingleNaN(),
    ];

    /// <summary>
    /// Has f attackers join the honest clients, and aggregates what they all send, admission first: a line per rule and attack, rules
    /// outermost. Attackers come last in the order of the clients, so that ties are not theirs.
    /// </summary>
    /// <exception cref="ArgumentException">There are no honest updates.</exception>
    public static ImmutableArray<Displacement> Measure(
        UpdateSet honest, int byzantineCount, IEnumerable<IAggregationRule> rules, IReadOnlyCollection<IAttack> attacks)
    {
        ArgumentNullException.ThrowIfNull(honest);
        ArgumentOutOfRangeException.ThrowIfNegative(byzantineCount);
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(attacks);
        if (honest.Count == 0)
        {
            throw new ArgumentException("There are no honest updates.", nameof(honest));
        }

        var mean = HonestStatistics.Mean(honest);
        var spread = Math.Sqrt(Enumerable.Range(0, honest.Count).Average(i => SquaredDistance.Between(honest[i], mean)));
        var rounds = attacks.Select(attack => (attack.Name, Updates: Mix(honest, attack.Craft(honest, byzantineCount)))).ToArray();
        var policy = new AdmissionPolicy { Length = honest.Length };
        return
        [
            .. from rule in rules
               from round in rounds
               select Measure(rule, round.Name, round.Updates),
        ];

        Displacement Measure(IAggregationRule rule, string attack, Update[] updates)
        {
            try
            {
                var aggregate = new Round(policy, rule).Aggregate(updates, byzantineCount);
                var distance = Math.Sqrt(SquaredDistance.Between(aggregate.Vector.Span, mean));
                return new Displacement(rule.Precondition.Rule, attack, distance, spread == 0 ? null : distance / spread, null);
            }
            catch (PreconditionException refusal)
            {
                return new Displacement(rule.Precondition.Rule, attack, null, null, refusal.Message);
            }
        }
    }

    private static Update[] Mix(UpdateSet honest, float[][] crafted) =>
    [
        .. Enumerable.Range(0, honest.Count).Select(i => new Update($"honest {i:D6}", honest[i].ToArray())),
        .. crafted.Select((vector, i) => new Update($"malicious {i:D6}", vector)),
    ];
}
