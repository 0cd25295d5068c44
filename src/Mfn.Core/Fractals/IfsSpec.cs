using Mfn.Core.Specs;

namespace Mfn.Core.Fractals;

/// <summary>
/// Everything that decides a random iterated function system and an orbit of it: equal specs give equal points, to the bit on one platform.
/// Defaults and limits are the reference's.
/// </summary>
public sealed record IfsSpec
{
    /// <summary>The seed of the maps and of the orbit.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>The points of the orbit; 1000 to 100,000.</summary>
    public int PointCount { get; init; } = 10_000;

    /// <summary>The maps to choose from; 2 to 8.</summary>
    public int MapCount { get; init; } = 4;

    /// <summary>The least factor by which a map shrinks distances; above 0 and not above <see cref="MaxScale"/>.</summary>
    public double MinScale { get; init; } = 0.2;

    /// <summary>The greatest factor by which a map shrinks distances; below 1, so that every map contracts.</summary>
    public double MaxScale { get; init; } = 0.5;

    /// <summary>The most that a map moves the origin along either axis, either way; 0 to 2.</summary>
    public double TranslationRange { get; init; } = 1.0;

    /// <summary>All that keeps this spec from being generated; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        problems.Check(nameof(PointCount), PointCount, new ParameterRange(1000, 100_000));
        problems.Check(nameof(MapCount), MapCount, new ParameterRange(2, 8));
        problems.Check(nameof(TranslationRange), TranslationRange, new ParameterRange(0, 2));
        if (!(MinScale > 0.0 && MinScale <= MaxScale))
        {
            problems.Add(
                nameof(MinScale),
                $"must be above 0 and at most {nameof(MaxScale)} ({ParameterRange.Format(MaxScale)}), but was {ParameterRange.Format(MinScale)}");
        }

        if (!(MaxScale > 0.0 && MaxScale < 1.0))
        {
            problems.Add(nameof(MaxScale), $"must be above 0 and below 1, but was {ParameterRange.Format(MaxScale)}");
        }

        return problems;
    }
}
