using System.Collections.Immutable;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;

namespace Mfn.Core.Validation;

/// <summary>Model runs that draw, one after the other, from a stream that other draws share with them.</summary>
internal sealed class ModelRuns(ValidationSpec spec, ulong seed)
{
    private const double InitialPotentialMean = -0.07;
    private const double InitialPotentialDeviation = 0.005;
    private const double LargestInitialConcentration = 0.1;

    private readonly SimulationSpec _simulation = new()
    {
        Variant = SimulationVariant.Model,
        GridSize = spec.GridSize,
        StepCount = spec.StepCount,
        Seed = seed,
        IsTuringEnabled = spec.IsTuringEnabled,
        IsJitterEnabled = spec.IsJitterEnabled,
    };

    /// <summary>The stream, where the last run has left it.</summary>
    public RandomGenerator Random { get; private set; } = new(seed);

    /// <summary>The end of the next run, or an <see cref="OperationCanceledException"/> between two steps of it.</summary>
    public SimulationEngine Next(CancellationToken cancellationToken)
    {
        var engine = SimulationEngine.Restore(_simulation, DrawInitialState());
        engine.Advance(_simulation.StepCount, cancellationToken);
        Random = new RandomGenerator(engine.Capture().Generator);
        return engine;
    }

    private SimulationState DrawInitialState()
    {
        var cellCount = _simulation.GridSize * _simulation.GridSize;
        var potential = Draw(cellCount, () => Random.Normal(InitialPotentialMean, InitialPotentialDeviation));
        var speciesCellCount = _simulation.IsTuringEnabled ? cellCount : 0;
        var activator = Draw(speciesCellCount, () => Random.Uniform(0.0, LargestInitialConcentration));
        var inhibitor = Draw(speciesCellCount, () => Random.Uniform(0.0, LargestInitialConcentration));
        return new SimulationState
        {
            Step = 0,
            Potential = potential,
            Activator = activator,
            Inhibitor = inhibitor,
            Generator = Random.State,
            Counts = default,
        };
    }

    private static ImmutableArray<double> Draw(int count, Func<double> next)
    {
        var cells = ImmutableArray.CreateBuilder<double>(count);
        for (var i = 0; i < count; i++)
        {
            cells.Add(next());
        }

        return cells.MoveToImmutable();
    }
}
