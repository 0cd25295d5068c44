using Mfn.Core.Simulation;

namespace Mfn.Core.Sampling;

/// <summary>One simulation of a scenario.</summary>
/// <param name="Index">The run's place in the scenario, counted from 0.</param>
/// <param name="ScenarioName">The scenario's name.</param>
/// <param name="GridSize">Rows and columns of the field.</param>
/// <param name="StepCount">Time steps.</param>
/// <param name="Alpha">The potential's diffusion coefficient (dimensionless).</param>
/// <param name="IsTuringEnabled">Whether activator and inhibitor feed the potential.</param>
/// <param name="Seed">The seed of the run's random numbers.</param>
public sealed record ScenarioRun(
    int Index, string ScenarioName, int GridSize, int StepCount, double Alpha, bool IsTuringEnabled, ulong Seed)
{
    /// <summary>The simulation: the engine variant, with everything else at its default.</summary>
    public SimulationSpec ToSimulationSpec() => new()
    {
        Variant = SimulationVariant.Engine,
        GridSize = GridSize,
        StepCount = StepCount,
        Seed = Seed,
        Alpha = Alpha,
        IsTuringEnabled = IsTuringEnabled,
    };
}
