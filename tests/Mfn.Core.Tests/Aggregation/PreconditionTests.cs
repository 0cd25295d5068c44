using System.Globalization;
using System.Text.RegularExpressions;
using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;

namespace Mfn.Core.Tests.Aggregation;

/// <summary>Every rule refuses exactly where its printed inequality does not hold.</summary>
public sealed partial class PreconditionTests
{
    public static TheoryData<string> RulesWithInequality => [.. AnyRule.All.Keys];

    [Theory, MemberData(nameof(RulesWithInequality))]
    public void Aggregate_AnyNAndF_IsRefusedJustWhereTheInequalityFails(string name)
    {
        var rule = AnyRule.All[name];
        for (var n = 1; n <= 40; n++)
        {
            var updates = Admission.AdmitRows(Enumerable.Range(0, n).Select(i => (float)(i * i % 17)).ToArray(), 1);
            for (var f = 0; f <= 20; f++)
            {
                var isLegal = Holds(rule.Precondition.Inequality, n, f);
                Assert.True(isLegal == rule.Precondition.Allows(n, f), $"n = {n}, f = {f}: {rule.Precondition.Inequality}");
                if (isLegal)
                {
                    Assert.True(float.IsFinite(rule.Aggregate(updates, f).Vector.Span[0]));
                }
                else
                {
                    var error = Assert.Throws<PreconditionException>(() => rule.Aggregate(updates, f));
                    int? largest = Enumerable.Range(0, n).Where(i => Holds(rule.Precondition.Inequality, n, i)).Select(i => (int?)i).Max();
                    Assert.Equal(largest, error.LargestByzantineCount);
                }
            }
        }
    }

    [Fact]
    public void Transform_AnyNAndF_IsRefusedJustWhereTheInequalityFails()
    {
        foreach (var preAggregation in AnyRule.PreAggregations.Values)
        {
            for (var n = 1; n <= 40; n++)
            {
                var updates = Admission.AdmitRows(Enumerable.Range(0, n).Select(i => (float)(i * i % 17)).ToArray(), 1);
                for (var f = 0; f <= 20; f++)
                {
                    if (Holds(preAggregation.Precondition.Inequality, n, f))
                    {
                        Assert.InRange(preAggregation.Transform(updates, f).Count, 1, n);
                    }
                    else
                    {
                        Assert.Throws<PreconditionException>(() => preAggregation.Transform(updates, f));
                    }
                }
            }
        }
    }

    // n² would be more than an array can hold, and overflow.
    [Theory]
    [InlineData("krum blanchard2017")]
    [InlineData("multi-krum keeping 2")]
    [InlineData("bulyan")]
    [InlineData("mda")]
    public void Aggregate_MoreThanDistancesCanBeKeptFor_IsRefused(string name)
    {
        var rule = AnyRule.All[name];
        var updates = Admission.AdmitRows(new float[PairwiseDistances.LargestCount + 1], 1);

        var error = Assert.Throws<PreconditionException>(() => rule.Aggregate(updates, 0));

        Assert.Equal(
            $"{rule.Precondition.Rule} takes at most 46340 updates, as it needs the distances between all of them, but n = 46341 and f = 0.",
            error.Message);
        Assert.Null(error.LargestByzantineCount);
        Assert.Equal(46_340, rule.Precondition.LargestUpdateCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => PairwiseDistances.Between(updates));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DistanceAccumulator(updates.Count));
    }

    [Fact]
    public void All_EveryRule_HasAName() => Assert.All(
        AggregationPreconditions.All, precondition => Assert.Contains("n >= ", precondition.Inequality, StringComparison.Ordinal));

    [Fact]
    public void Require_NegativeF_IsABugOfTheCaller() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Krum().Aggregate(AnyRule.SetOf([1]), -1));

    /// <summary>Evaluates the words, which are terms such as "n >= 2f + 3" and the one of hierarchical Krum.</summary>
    private static bool Holds(string inequality, int n, int f)
    {
        if (inequality.StartsWith("C >= 2b + 3 with C = 3,", StringComparison.Ordinal))
        {
            return n >= 9 && 3 >= (2 * (f / (((n / 3 - 3) / 2) + 1))) + 3;
        }

        return inequality.Split(" and ").All(term =>
        {
            if (term.StartsWith("f ", StringComparison.Ordinal))
            {
                var limit = Number(term.Split(' ')[2]);
                return term[2] == '=' ? f == limit : f <= limit;
            }

            var match = Term().Match(term);
            Assert.True(match.Success, term);
            var factor = !match.Groups["f"].Success ? 0 : match.Groups["factor"].Value is "" ? 1 : Number(match.Groups["factor"].Value);
            return n >= (factor * f) + Number(match.Groups["offset"].Value);
        });
    }

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^n >= ((?<factor>\d*)(?<f>f) \+ )?(?<offset>\d+)$")]
    private static partial Regex Term();
}
