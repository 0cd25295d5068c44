using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Storage;

namespace Mfn.Server.Tests.Storage;

/// <summary>Checkpoints to store, and how they compare.</summary>
internal static class Checkpoints
{
    /// <summary>What the default model is after some steps.</summary>
    public static SimulationCheckpoint Of(int gridSize, int steps)
    {
        using var simulation = new SteeredSimulation(new SimulationSpec { GridSize = gridSize });
        simulation.Advance(steps);
        return simulation.Capture();
    }

    /// <summary>A simulation of any variant and precision, with any constants, some of them at a rim of their range or -0.</summary>
    public static SimulationSpec DrawSpec(RandomGenerator random)
    {
        var variant = random.Choice<SimulationVariant>(Enum.GetValues<SimulationVariant>());
        var isNumerics = variant == SimulationVariant.Numerics;
        var isModel = variant == SimulationVariant.Model;
        return new SimulationSpec
        {
            Variant = variant,
            Precision = random.Choice<Precision>(Enum.GetValues<Precision>()),
            GridSize = (int)random.NextInt64(4, 12),
            StepCount = (int)random.NextInt64(0, 1L << 31),
            Seed = random.NextUInt64(),
            Alpha = random.Uniform(0.05, 0.25),
            SpikeProbability = random.Choice<double>([0, isNumerics ? -0.0 : 1, random.NextDouble()]),
            IsTuringEnabled = random.NextDouble() < 0.7,
            TuringThreshold = random.Choice<double>([0.5, Math.BitIncrement(0.5), 0.95, random.Uniform(0.5, 0.95)]),
            TuringIncrement = isNumerics ? random.Choice<double>([-0.0, 0.005, random.Uniform(-0.01, 0.01)]) : SimulationSpec.DefaultTuringIncrement,
            IsJitterEnabled = random.NextDouble() < 0.5,
            JitterVariance = random.Choice<double>([-0.0, double.Epsilon, 0.01, random.Uniform(0, 0.01)]),
            Boundary = isModel ? Boundary.Periodic : random.Choice<Boundary>(Enum.GetValues<Boundary>()),
            ActivatorDiffusion = isModel ? SimulationSpec.DefaultActivatorDiffusion : random.Uniform(0.01, 0.25),
            InhibitorDiffusion = isModel ? SimulationSpec.DefaultInhibitorDiffusion : random.Uniform(0.01, 0.25),
            ActivatorRate = isModel ? SimulationSpec.DefaultActivatorRate : random.Uniform(0.001, 0.1),
            InhibitorRate = isModel ? SimulationSpec.DefaultInhibitorRate : isNumerics ? -0.0 : random.Uniform(0.001, 0.1),
        };
    }

    /// <summary>A state that a simulation need not come to, but that its types can hold.</summary>
    public static SimulationCheckpoint DrawState(SimulationSpec spec, RandomGenerator random)
    {
        double[] potentials = [-0.0, double.Epsilon, -float.MaxValue, random.Normal(0, 1)];
        double[] concentrations = [-0.0, double.Epsilon, 1, random.NextDouble()];
        return new SimulationCheckpoint(
            spec,
            new SimulationState
            {
                Step = (int)random.NextInt64(0, 1L << 31),
                Species = spec.HasSpecies ? [Draw(potentials), Draw(concentrations), Draw(concentrations)] : [Draw(potentials)],
                Generator = new Pcg64State(
                    new UInt128(random.NextUInt64(), random.NextUInt64()),
                    new UInt128(random.NextUInt64(), random.NextUInt64() | 1),
                    random.Choice<uint?>([null, 0, uint.MaxValue, (uint)random.NextUInt64()])),
                Counts = new SimulationCounts(random.NextInt64(0, long.MaxValue), long.MaxValue, 0),
            },
            random.NextInt64(0, long.MaxValue),
            [.. Enumerable.Range(0, 32).Select(_ => (byte)random.NextUInt64())]);

        ImmutableArray<double> Draw(double[] kinds) =>
        [
            .. Enumerable.Range(0, spec.GridSize * spec.GridSize).Select(_ =>
                random.Choice<double>(kinds) is var cell && spec.Precision == Precision.Binary32 ? (float)cell : cell),
        ];
    }

    public static byte[] Encode(this SimulationCheckpoint checkpoint)
    {
        using var stream = new MemoryStream();
        CheckpointFile.Write(stream, checkpoint);
        return stream.ToArray();
    }

    public static SimulationCheckpoint Decode(byte[] bytes, int maxGridSize = int.MaxValue) => CheckpointFile.Read(new MemoryStream(bytes), maxGridSize);

    /// <summary>Whether all is the same to the bit, which numbers that are equal need not be.</summary>
    public static bool HasSameBits(this SimulationCheckpoint one, SimulationCheckpoint other) =>
        typeof(SimulationSpec).GetProperties().All(property => SameBits(property.GetValue(one.Spec), property.GetValue(other.Spec)))
            && one.State.Step == other.State.Step
            && SameCells(one.State.Potential, other.State.Potential)
            && SameCells(one.State.Activator, other.State.Activator)
            && SameCells(one.State.Inhibitor, other.State.Inhibitor)
            && one.State.Generator == other.State.Generator
            && one.State.Counts == other.State.Counts
            && one.Revision == other.Revision
            && one.Identity.SequenceEqual(other.Identity);

    private static bool SameBits(object? one, object? other) => one is double number && other is double second
        ? BitConverter.DoubleToInt64Bits(number) == BitConverter.DoubleToInt64Bits(second)
        : Equals(one, other);

    private static bool SameCells(ImmutableArray<double> one, ImmutableArray<double> other) =>
        MemoryMarshal.AsBytes(one.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(other.AsSpan()));
}
