using Mfn.Contracts.V1;
using CorePrecision = Mfn.Core.Simulation.Precision;
using CoreSpec = Mfn.Core.Simulation.SimulationSpec;
using CoreVariant = Mfn.Core.Simulation.SimulationVariant;

namespace Mfn.Server.Tests.Runs;

/// <summary>Small specs of every variant and precision, with and without jitter.</summary>
internal static class RandomSpec
{
    public static SimulationSpec Draw(Random random) => new()
    {
        Variant = random.Next(2) == 0 ? SimulationVariant.Engine : SimulationVariant.Model,
        GridSize = random.Next(4, 9),
        Seed = random.Next(1000),
        SpikeProbability = random.NextDouble(),
        TuringEnabled = random.Next(2) == 0,
        JitterEnabled = random.Next(2) == 0,
        Precision = random.Next(3) == 0 ? Precision.Binary32 : Precision.Binary64,
    };

    /// <summary>The spec as the engine takes it.</summary>
    public static CoreSpec ToCore(SimulationSpec wire) => new()
    {
        Variant = wire.Variant == SimulationVariant.Engine ? CoreVariant.Engine : CoreVariant.Model,
        GridSize = wire.GridSize,
        Seed = (ulong)wire.Seed,
        SpikeProbability = wire.SpikeProbability,
        IsTuringEnabled = wire.TuringEnabled,
        IsJitterEnabled = wire.JitterEnabled,
        Precision = wire.Precision == Precision.Binary32 ? CorePrecision.Binary32 : CorePrecision.Binary64,
    };
}
