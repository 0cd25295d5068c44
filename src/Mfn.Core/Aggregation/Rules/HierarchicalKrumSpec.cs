using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation.Rules;

/// <summary>How <see cref="HierarchicalKrum"/> divides the clients. Defaults are the reference's.</summary>
public sealed record HierarchicalKrumSpec
{
    /// <summary>Which Krum: "blanchard2017" for a guarantee, "mfn-4.1-compat" for the reference's numbers.</summary>
    public KrumVariant Variant { get; init; } = KrumVariant.Blanchard2017;

    /// <summary>C: how many clusters, at most.</summary>
    public int ClusterCount { get; init; } = 10;

    /// <summary>The seed of the division.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Compatibility only: the Byzantine part of every cluster, at least one client; f / n if it is null.</summary>
    public double? ByzantineFraction { get; init; }

    /// <summary>Compatibility only: the part of more than 1000 clients that is looked at.</summary>
    public double SampleFraction { get; init; } = 0.1;

    /// <summary>All that keeps this spec from being used; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        if (Variant is not (KrumVariant.Blanchard2017 or KrumVariant.MfnV41Compat))
        {
            problems.Add(nameof(Variant), $"must be {KrumVariant.Blanchard2017} or {KrumVariant.MfnV41Compat}, but was {Variant}");
        }

        problems.Check(nameof(ClusterCount), ClusterCount, new ParameterRange(1, int.MaxValue));
        problems.Check(nameof(ByzantineFraction), ByzantineFraction ?? 0, new ParameterRange(0, 0.5, ExcludesMaximum: true));
        problems.Check(nameof(SampleFraction), SampleFraction, new ParameterRange(double.Epsilon, 1));
        return problems;
    }
}
