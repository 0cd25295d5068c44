using Mfn.Core.Specs;

namespace Mfn.Core.Networks;

/// <summary>The shape of a <see cref="RegressionNetwork"/>. Defaults are the reference's.</summary>
public sealed record NetworkSpec
{
    private const int LargestWidth = 4096;

    /// <summary>The input widths that a spec may have.</summary>
    public static ParameterRange InputWidthRange { get; } = new(1, LargestWidth);

    /// <summary>The hidden widths that a spec may have.</summary>
    public static ParameterRange HiddenWidthRange { get; } = new(2, LargestWidth);

    /// <summary>The attended counts that a spec may have.</summary>
    public static ParameterRange AttendedCountRange { get; } = new(1, int.MaxValue);

    /// <summary>The length of an input vector.</summary>
    public int InputWidth { get; init; } = 4;

    /// <summary>The length of the vectors between the layers; that before the last layer has half as many elements, rounded down.</summary>
    public int HiddenWidth { get; init; } = 32;

    /// <summary>Whether the vectors of a sequence attend to each other before they are averaged.</summary>
    public bool HasAttention { get; init; } = true;

    /// <summary>To how many vectors of its sequence a vector attends.</summary>
    public int AttendedCount { get; init; } = 4;

    /// <summary>All that keeps this spec from being used; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        problems.Check(nameof(InputWidth), InputWidth, InputWidthRange);
        problems.Check(nameof(HiddenWidth), HiddenWidth, HiddenWidthRange);
        problems.Check(nameof(AttendedCount), AttendedCount, AttendedCountRange);
        return problems;
    }
}
