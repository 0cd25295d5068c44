using Mfn.Core.Specs;

namespace Mfn.Core.Simulation;

/// <summary>The allowed values of each parameter of a <see cref="SimulationSpec"/>.</summary>
public sealed record SimulationRanges
{
    // The largest square whose cells an array can index, rounded down to a power of two.
    private const int LargestGridSize = 32_768;

    public required ParameterRange GridSize { get; init; }

    public required ParameterRange StepCount { get; init; }

    public required ParameterRange Alpha { get; init; }

    public required ParameterRange SpikeProbability { get; init; }

    public required ParameterRange TuringThreshold { get; init; }

    public required ParameterRange TuringIncrement { get; init; }

    public required ParameterRange JitterVariance { get; init; }

    public required ParameterRange ActivatorDiffusion { get; init; }

    public required ParameterRange InhibitorDiffusion { get; init; }

    public required ParameterRange ActivatorRate { get; init; }

    public required ParameterRange InhibitorRate { get; init; }

    /// <summary>What the reference's function of this variant accepts, non-finite values excepted.</summary>
    public static SimulationRanges Of(SimulationVariant variant) => variant switch
    {
        SimulationVariant.Model => Model,
        SimulationVariant.Engine => Engine,
        SimulationVariant.Numerics => Numerics,
        _ => throw new ArgumentOutOfRangeException(nameof(variant), variant, "Unknown variant."),
    };

    // The reference's function checks nothing; its reaction constants are part of its code.
    private static SimulationRanges Model { get; } = new()
    {
        GridSize = new(1, LargestGridSize),
        StepCount = new(0, int.MaxValue),
        Alpha = ParameterRange.Finite,
        SpikeProbability = ParameterRange.Finite,
        TuringThreshold = ParameterRange.Finite,
        TuringIncrement = ParameterRange.Only(SimulationSpec.DefaultTuringIncrement),
        JitterVariance = new(0, double.MaxValue),
        ActivatorDiffusion = ParameterRange.Only(SimulationSpec.DefaultActivatorDiffusion),
        InhibitorDiffusion = ParameterRange.Only(SimulationSpec.DefaultInhibitorDiffusion),
        ActivatorRate = ParameterRange.Only(SimulationSpec.DefaultActivatorRate),
        InhibitorRate = ParameterRange.Only(SimulationSpec.DefaultInhibitorRate),
    };

    private static SimulationRanges Engine { get; } = new()
    {
        GridSize = new(4, 1024),
        StepCount = new(0, int.MaxValue),
        Alpha = new(0.05, 0.25, ExcludesMaximum: true),
        SpikeProbability = new(0, 1),
        TuringThreshold = new(0.5, 0.95),
        TuringIncrement = ParameterRange.Only(SimulationSpec.DefaultTuringIncrement),
        JitterVariance = new(0, 0.01),
        ActivatorDiffusion = new(0.01, 0.25, ExcludesMaximum: true),
        InhibitorDiffusion = new(0.01, 0.25, ExcludesMaximum: true),
        ActivatorRate = new(0.001, 0.1),
        InhibitorRate = new(0.001, 0.1),
    };

    private static ParameterRange Stable { get; } = new(0, 0.25, ExcludesMaximum: true);

    private static ParameterRange NotNegative { get; } = new(0, double.MaxValue);

    private static SimulationRanges Numerics { get; } = new()
    {
        GridSize = new(1, LargestGridSize),
        StepCount = new(0, int.MaxValue),
        Alpha = Stable,
        SpikeProbability = ParameterRange.Finite,
        TuringThreshold = new(0, 1),
        TuringIncrement = ParameterRange.Finite,
        JitterVariance = NotNegative,
        ActivatorDiffusion = Stable,
        InhibitorDiffusion = Stable,
        ActivatorRate = NotNegative,
        InhibitorRate = NotNegative,
    };
}
