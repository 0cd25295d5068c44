using System.Collections.Immutable;
using Mfn.Core.Fractals;
using Mfn.Core.Specs;

namespace Mfn.Core.Features;

/// <summary>What decides the features of a history besides its cells. Defaults and ranges are the reference's.</summary>
public sealed record FeatureOptions
{
    private static readonly ParameterRange Thresholds = new(-100, 50);
    private static readonly ParameterRange Positive = new(1, int.MaxValue);

    /// <summary>The reference's features.</summary>
    public static FeatureOptions Default { get; } = new();

    /// <summary>How the features are defined.</summary>
    public DefinitionVersion Version { get; init; } = DefinitionVersion.V41;

    /// <summary>The side of the smallest box in cells; at least 1.</summary>
    public int MinBoxSize { get; init; } = 2;

    /// <summary>
    /// The side of the largest box in cells, not below <see cref="MinBoxSize"/>; if null, what <see cref="BoxSizes.DefaultMaximum"/> gives
    /// for the rows or columns, whichever are fewer. Sizes that do not fit into the field are skipped.
    /// </summary>
    public int? MaxBoxSize { get; init; }

    /// <summary>The number of box sizes asked for, 2 to 20; equal ones are counted once.</summary>
    public int ScaleCount { get; init; } = 5;

    /// <summary>A cell is active if its potential exceeds this one in mV: it decides box counts, active share and the largest cluster.</summary>
    public double LowThresholdMillivolts { get; init; } = -60.0;

    /// <summary>The potential in mV above which a cell belongs to a medium cluster; above the low threshold.</summary>
    public double MediumThresholdMillivolts { get; init; } = -50.0;

    /// <summary>The potential in mV above which a cell belongs to a high cluster; above the medium threshold.</summary>
    public double HighThresholdMillivolts { get; init; } = -40.0;

    /// <summary>A difference between two frames is quiet if the spatial standard deviation of its absolute value is below this, in mV.</summary>
    public double StabilityThresholdMillivolts { get; init; } = 0.001;

    /// <summary>How long the field must be quiet to be stable: differences in version 4.1, frames in 5.0; at least 1.</summary>
    public int StabilityWindow { get; init; } = 10;

    /// <summary>Which neighbours belong to a cell's cluster.</summary>
    public Connectivity Connectivity { get; init; } = Connectivity.Four;

    /// <summary>
    /// Lets NaN and infinite cells in, for compatibility with the reference: NaN cells are inactive and make the means NaN, infinite ones make
    /// the deviation NaN, and nothing is refused. Version 4.1 only.
    /// </summary>
    public bool AllowsNonFinite { get; init; }

    /// <summary>The boxes that are counted on a field of so many rows and columns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An extent is below 1, or the options have problems.</exception>
    public ImmutableArray<BoxMesh> BoxMeshesFor(int rowCount, int columnCount)
    {
        var largest = MaxBoxSize ?? BoxSizes.DefaultMaximum(Math.Min(rowCount, columnCount), MinBoxSize, ScaleCount);
        return Version == DefinitionVersion.V41
            ? BoxMesh.Whole(rowCount, columnCount, BoxSizes.Truncated(MinBoxSize, largest, ScaleCount))
            : BoxMesh.Nested(rowCount, columnCount, MinBoxSize, largest, ScaleCount);
    }

    /// <summary>All that is wrong with these options; empty if nothing is.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        if (!Enum.IsDefined(Version))
        {
            problems.Add(nameof(Version), $"must be a known version, but was {(int)Version}");
        }

        problems.Check(nameof(MinBoxSize), MinBoxSize, Positive);
        if (MaxBoxSize < MinBoxSize)
        {
            problems.Add(nameof(MaxBoxSize), $"must be at least {nameof(MinBoxSize)} ({MinBoxSize}), but was {MaxBoxSize}");
        }

        problems.Check(nameof(ScaleCount), ScaleCount, new ParameterRange(2, BoxSizes.LargestScaleCount));
        problems.Check(nameof(LowThresholdMillivolts), LowThresholdMillivolts, Thresholds);
        problems.Check(nameof(MediumThresholdMillivolts), MediumThresholdMillivolts, Thresholds);
        problems.Check(nameof(HighThresholdMillivolts), HighThresholdMillivolts, Thresholds);
        CheckOrder(nameof(MediumThresholdMillivolts), MediumThresholdMillivolts, nameof(LowThresholdMillivolts), LowThresholdMillivolts);
        CheckOrder(nameof(HighThresholdMillivolts), HighThresholdMillivolts, nameof(MediumThresholdMillivolts), MediumThresholdMillivolts);
        if (!double.IsFinite(StabilityThresholdMillivolts) || StabilityThresholdMillivolts < 0.0)
        {
            problems.Add(
                nameof(StabilityThresholdMillivolts),
                $"must be finite and not negative, but was {ParameterRange.Format(StabilityThresholdMillivolts)}");
        }

        problems.Check(nameof(StabilityWindow), StabilityWindow, Positive);
        if (!Enum.IsDefined(Connectivity))
        {
            problems.Add(nameof(Connectivity), $"must be 4 or 8, but was {(int)Connectivity}");
        }

        if (AllowsNonFinite && Version != DefinitionVersion.V41)
        {
            problems.Add(nameof(AllowsNonFinite), $"must be false unless {nameof(Version)} is {nameof(DefinitionVersion.V41)}, but was true");
        }

        return problems;

        void CheckOrder(string parameter, double value, string lowerParameter, double lower)
        {
            if (value <= lower)
            {
                problems.Add(parameter, $"must be above {lowerParameter} ({ParameterRange.Format(lower)}), but was {ParameterRange.Format(value)}");
            }
        }
    }
}
