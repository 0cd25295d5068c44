using System.Collections.Immutable;
using Mfn.Core.Simulation;
using Mfn.Core.Statistics;

namespace Mfn.Server.Simulation;

/// <summary>What a simulation is like between two steps, in a few numbers.</summary>
/// <param name="Spec">What is simulated.</param>
/// <param name="Time">The simulated time.</param>
/// <param name="Statistics">Of the potential in volts, or of each species of kinetics.</param>
internal sealed record SimulationSummaryFacts(SimulationSpec Spec, double Time, ImmutableArray<FieldStatistics> Statistics)
{
    /// <summary>Those of an engine.</summary>
    public static SimulationSummaryFacts Of(SimulationEngine engine)
    {
        var statistics = ImmutableArray.CreateBuilder<FieldStatistics>();
        for (var species = 0; species < (engine.Spec.Pattern is null ? 1 : engine.SpeciesCount); species++)
        {
            statistics.Add(FieldStatistics.Of(engine.Species(species)));
        }

        return new SimulationSummaryFacts(engine.Spec, engine.Time, statistics.ToImmutable());
    }
}
