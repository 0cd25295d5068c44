using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.PreAggregations;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>Six honest clients and one that is not: nothing it sends makes a rule fail or carries the result away.</summary>
public sealed class RobustnessTests
{
    private const int Length = 8;
    private const string NoPreAggregation = "none";

    // What is inside the honest values' range only up to the rounding of the blend.
    private const float Rounding = 1e-6f;

    private static readonly float[][] Honest = [.. Enumerable.Range(0, 6).Select(HonestVector)];

    private static readonly IReadOnlyDictionary<string, Update[]> Attackers = new Dictionary<string, Update[]>
    {
        ["NaN"] = [Attacker(_ => float.NaN)],
        ["one NaN"] = [Attacker(i => i == 5 ? float.NaN : 1)],
        ["+Inf"] = [Attacker(_ => float.PositiveInfinity)],
        ["-Inf"] = [Attacker(_ => float.NegativeInfinity)],
        ["one -Inf"] = [Attacker(i => i == 0 ? float.NegativeInfinity : 1)],
        ["1e30"] = [Attacker(_ => 1e30f)],
        ["-3e38"] = [Attacker(_ => -3e38f)],
        ["1e200 in double"] = [Attacker(_ => (float)1e200)],
        ["weight 1e9"] = [Attacker(i => -5) with { ClaimedWeight = 1e9 }],
        ["weight NaN"] = [Attacker(i => -5) with { ClaimedWeight = double.NaN }],
        ["duplicate id"] = [Attacker(_ => 1), Attacker(_ => 2)],
        ["wrong length"] = [new Update("attacker", new float[Length + 1])],
        ["zero length"] = [new Update("attacker", default)],
    };

    public static TheoryData<string, string> Matrix
    {
        get
        {
            var matrix = new TheoryData<string, string>();
            foreach (var rule in AnyRule.All.Keys)
            {
                matrix.Add(rule, NoPreAggregation);
                foreach (var preAggregation in AnyRule.PreAggregations.Keys)
                {
                    matrix.Add(rule, preAggregation);
                }
            }

            return matrix;
        }
    }

    [Theory, MemberData(nameof(Matrix))]
    public void Aggregate_OneAttacker_StaysWithTheHonest(string ruleName, string preAggregationName)
    {
        var rule = AnyRule.All[ruleName];
        var preAggregation = AnyRule.PreAggregations.GetValueOrDefault(preAggregationName);
        foreach (var (attack, attackers) in Attackers)
        {
            Attack(rule, ruleName, preAggregation, attack, attackers);
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(1e9)]
    [InlineData(double.PositiveInfinity)]
    public void Admit_WeightOutsideThePolicy_IsRefused(double weight)
    {
        var policy = new AdmissionPolicy { Length = 1, MaximumWeight = 100 };

        var (admitted, excluded) = Admission.Admit([new Update("a", new float[1], weight), new Update("b", new float[1], 100)], policy);

        Assert.Equal(["b"], admitted.ClientIds.ToArray());
        Assert.Equal(ExclusionReason.WeightOutOfBounds, excluded.Single().Reason);
    }

    [Fact]
    public void Admit_EveryKindOfRefusal_SaysWhy()
    {
        var policy = new AdmissionPolicy { Length = 2, NormCap = 5 };
        Update[] updates =
        [
            new("a", new float[] { 3, 4 }), new("b", new float[] { 3, 4.01f }), new("c", new float[] { 0, float.NaN }),
            new("d", new float[3]), new("e", new float[2]), new("e", new float[2]),
        ];

        var (admitted, excluded) = Admission.Admit(updates, policy);

        Assert.Equal(["a"], admitted.ClientIds.ToArray());
        Assert.Equal(
            ["NormAboveCap", "NotFinite", "WrongLength", "DuplicateClient", "DuplicateClient"], excluded.Select(e => $"{e.Reason}"));
        Assert.Equal(
            ["has a component 1 that is not finite", "has 3 components instead of 2", "sent 2 updates"],
            excluded.Skip(1).Take(3).Select(e => e.Description));
    }

    [Fact]
    public void Aggregate_TooFewAreLeft_SaysWhatWouldDo()
    {
        Update[] updates = [.. AnyRule.Updates(Honest), Attacker(_ => float.NaN)];

        var error = Assert.Throws<PreconditionException>(
            () => new Round(new AdmissionPolicy { Length = Length }, new Bulyan()).Aggregate(updates, 1));

        Assert.Equal("bulyan needs n >= 4f + 3, but n = 6 and f = 1; the largest legal f is 0.", error.Message);
        Assert.Equal(("bulyan", 6, 1, 0), (error.Rule, error.UpdateCount, error.ByzantineCount, error.LargestByzantineCount));
    }

    private static void Attack(
        IAggregationRule rule, string ruleName, IPreAggregation? preAggregation, string attack, Update[] attackers)
    {
        var policy = new AdmissionPolicy { Length = Length };
        Update[] updates = [.. attackers, .. AnyRule.Updates(Honest)];
        var admitted = Admission.Admit(updates, policy).Admitted;
        var round = preAggregation is null ? new Round(policy, rule) : new Round(policy, rule, preAggregation);
        var count = preAggregation is Bucketing ? (admitted.Count + 1) / 2 : admitted.Count;
        var byzantineCount = rule.Precondition.Allows(count, 1) ? 1 : 0;
        if (!rule.Precondition.Allows(count, byzantineCount))
        {
            Assert.Throws<PreconditionException>(() => round.Aggregate(updates, byzantineCount));
            return;
        }

        var result = round.Aggregate(updates, byzantineCount);

        Assert.False(result.Vector.Span.ContainsAnyExceptInRange(float.MinValue, float.MaxValue), attack);
        if (admitted.Count == Honest.Length)
        {
            Assert.Equal(attackers.Length, result.Excluded.Count(e => e.ClientId == "attacker"));
        }

        // Told of no attacker, or without any promise, a rule is only finite.
        if (byzantineCount == 1 || admitted.Count == Honest.Length)
        {
            var given = preAggregation?.Transform(admitted, byzantineCount) ?? admitted;
            var honest = Enumerable.Range(0, given.Count).Where(i => !given.ClientIds[i].Contains("attacker", StringComparison.Ordinal))
                .Select(i => given[i].ToArray()).ToArray();
            Assert.All(honest, row => Assert.All(row, component => Assert.InRange(component, 0, 2)));
            AssertWithinBound(ruleName, result.Vector.ToArray(), honest, given.Count, attack);
        }
    }

    private static void AssertWithinBound(string rule, float[] vector, float[][] honest, int count, string attack)
    {
        if (rule is "geometric-median" or "centered-clipping")
        {
            // The stated bounds, around the honest mean: 2 (n - f) / (n - 2f) radii; L τ f / n more than the honest mean's own way.
            var mean = Enumerable.Range(0, Length).Select(i => honest.Average(row => row[i])).ToArray();
            var radius = honest.Max(row => Distance(row, mean));
            var bound = rule == "geometric-median"
                ? 2.0 * (count - 1) / (count - 2) * radius
                : Distance(mean, new float[Length]) + (3 * 1.0 / count);
            Assert.True(Distance(vector, mean) <= bound, $"{attack}: {Distance(vector, mean)} > {bound}");
            return;
        }

        if (rule != "hierarchical-krum mfn-4.1-compat")
        {
            for (var i = 0; i < Length; i++)
            {
                var (least, most) = (honest.Min(row => row[i]) - Rounding, honest.Max(row => row[i]) + Rounding);
                Assert.True(vector[i] >= least && vector[i] <= most, $"{attack}: {vector[i]} is outside {least} to {most}.");
            }
        }
    }

    private static double Distance(float[] left, float[] right) =>
        Math.Sqrt(left.Zip(right).Sum(pair => ((double)pair.First - pair.Second) * ((double)pair.First - pair.Second)));

    private static Update Attacker(Func<int, float> component) =>
        new("attacker", Enumerable.Range(0, Length).Select(component).ToArray());

    private static float[] HonestVector(int client)
    {
        var random = new RandomGenerator(client);
        return [.. Enumerable.Range(0, Length).Select(_ => (float)random.Normal(1, 0.1))];
    }
}
