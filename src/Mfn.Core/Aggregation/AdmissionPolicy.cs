using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation;

/// <summary>What updates must be like to be admitted.</summary>
public sealed record AdmissionPolicy
{
    /// <summary>The declared number of components.</summary>
    public required int Length { get; init; }

    /// <summary>The largest Euclidean norm that an update may have; without one, any finite norm will do.</summary>
    public double? NormCap { get; init; }

    /// <summary>
    /// The largest weight that a client may claim. Without one, claims are ignored and all weights are equal; with one, an update that
    /// claims more, or nothing above 0, is refused.
    /// </summary>
    public double? MaximumWeight { get; init; }

    /// <summary>All that keeps this policy from being used; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        problems.Check(nameof(Length), Length, new ParameterRange(1, Array.MaxLength));
        problems.Check(nameof(NormCap), NormCap ?? 1, new ParameterRange(double.Epsilon, double.MaxValue));
        problems.Check(nameof(MaximumWeight), MaximumWeight ?? 1, new ParameterRange(double.Epsilon, double.MaxValue));
        return problems;
    }
}
