using Mfn.Core.Simulation;

namespace Mfn.Core.Sampling;

/// <summary>The drawn parameters of one simulation of a data set.</summary>
public sealed record SampleParameters
{
    /// <summary>The sample's place in the data set, counted from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Rows and columns of the field.</summary>
    public required int GridSize { get; init; }

    /// <summary>Time steps.</summary>
    public required int StepCount { get; init; }

    /// <summary>The potential's diffusion coefficient (dimensionless).</summary>
    public required double Alpha { get; init; }

    /// <summary>Whether activator and inhibitor feed the potential.</summary>
    public required bool IsTuringEnabled { get; init; }

    /// <summary>The probability that a step begins with a growth event.</summary>
    public required double SpikeProbability { get; init; }

    /// <summary>The activator above which a cell gains potential (dimensionless).</summary>
    public required double TuringThreshold { get; init; }

    /// <summary>The seed of the simulation's own random numbers.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The simulation: the engine variant, with everything else at its default.</summary>
    public SimulationSpec ToSimulationSpec() => new()
    {
        Variant = SimulationVariant.Engine,
        GridSize = GridSize,
        StepCount = StepCount,
        Seed = Seed,
        Alpha = Alpha,
        SpikeProbability = SpikeProbability,
        IsTuringEnabled = IsTuringEnabled,
        TuringThreshold = TuringThreshold,
    };
}
