using Google.Protobuf;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Stored = Mfn.Contracts.Storage.V1;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>A checkpoint without its cells, as it is stored: every number to the bit.</summary>
internal static class CheckpointWireExtensions
{
    public static Stored.CheckpointHeader ToStored(this SimulationCheckpoint checkpoint)
    {
        var state = checkpoint.State;
        return new Stored.CheckpointHeader
        {
            EngineVersion = SteeredSimulation.EngineVersion,
            Constants = checkpoint.Spec.ToStored(),
            Step = state.Step,
            Revision = checkpoint.Revision,
            Identity = ByteString.CopyFrom(checkpoint.Identity.AsSpan()),
            Generator = state.Generator.ToStored(),
            GrowthEventCount = state.Counts.GrowthEvents,
            TuringActivationCount = state.Counts.TuringActivations,
            ClampingEventCount = state.Counts.ClampingEvents,
        };
    }

    /// <exception cref="InvalidDataException">A scheme, precision or boundary is unknown.</exception>
    public static SimulationSpec ToSpec(this Stored.SimulationConstants stored) => stored.Pattern is { } pattern ? ToPatternSpec(stored, pattern) : new SimulationSpec
    {
        Variant = stored.Scheme switch
        {
            Stored.SimulationScheme.Model => SimulationVariant.Model,
            Stored.SimulationScheme.Engine => SimulationVariant.Engine,
            Stored.SimulationScheme.Numerics => SimulationVariant.Numerics,
            _ => throw Unknown("scheme", (int)stored.Scheme),
        },
        Precision = stored.Precision switch
        {
            Wire.Precision.Binary64 => Precision.Binary64,
            Wire.Precision.Binary32 => Precision.Binary32,
            _ => throw Unknown("precision", (int)stored.Precision),
        },
        GridSize = stored.GridSize,
        StepCount = stored.Steps,
        Seed = stored.Seed,
        Alpha = stored.Alpha,
        SpikeProbability = stored.SpikeProbability,
        IsTuringEnabled = stored.TuringEnabled,
        TuringThreshold = stored.TuringThreshold,
        TuringIncrement = stored.TuringIncrementVolts,
        IsJitterEnabled = stored.JitterEnabled,
        JitterVariance = stored.JitterVarianceVoltsSquared,
        Boundary = stored.Boundary switch
        {
            Wire.Boundary.Periodic => Boundary.Periodic,
            Wire.Boundary.Neumann => Boundary.Neumann,
            Wire.Boundary.Dirichlet => Boundary.Dirichlet,
            _ => throw Unknown("boundary", (int)stored.Boundary),
        },
        ActivatorDiffusion = stored.ActivatorDiffusion,
        InhibitorDiffusion = stored.InhibitorDiffusion,
        ActivatorRate = stored.ActivatorRate,
        InhibitorRate = stored.InhibitorRate,
    };

    public static Pcg64State ToState(this Stored.GeneratorState stored) => new(
        new UInt128(stored.StateHigh, stored.StateLow),
        new UInt128(stored.IncrementHigh, stored.IncrementLow),
        stored.HasBufferedHalf ? stored.BufferedHalf : null);

    /// <summary>Whether they are those of kinetics.</summary>
    public static bool IsPattern(this Stored.SimulationConstants stored) => stored.Pattern is not null;

    private static SimulationSpec ToPatternSpec(Stored.SimulationConstants stored, Wire.SimulationSpec pattern)
    {
        var problems = new RequestProblems();
        var spec = pattern.ToSpec(LimitsOptions.Widest, problems);
        return !problems.IsEmpty || spec.Pattern is null
            ? throw new InvalidDataException($"The checkpoint's pattern cannot be used: {(problems.IsEmpty ? "it has no kinetics." : problems.ToException().Message)}")
            : spec with { StepCount = stored.Steps, Seed = stored.Seed };
    }

    private static Stored.SimulationConstants ToStoredPattern(SimulationSpec spec)
    {
        var pattern = spec with { StepCount = 1, Seed = 0, Pattern = spec.Pattern! with { Mask = [] } };
        return new Stored.SimulationConstants
        {
            Precision = spec.Precision == Precision.Binary64 ? Wire.Precision.Binary64 : Wire.Precision.Binary32,
            Steps = spec.StepCount,
            Seed = spec.Seed,
            Pattern = pattern.ToWire(),
            HasMask = !spec.Pattern!.Mask.IsEmpty,
        };
    }

    private static Stored.SimulationConstants ToStored(this SimulationSpec spec) => spec.Pattern is not null ? ToStoredPattern(spec) : new Stored.SimulationConstants
    {
        Scheme = spec.Variant switch
        {
            SimulationVariant.Model => Stored.SimulationScheme.Model,
            SimulationVariant.Engine => Stored.SimulationScheme.Engine,
            _ => Stored.SimulationScheme.Numerics,
        },
        Precision = spec.Precision == Precision.Binary64 ? Wire.Precision.Binary64 : Wire.Precision.Binary32,
        GridSize = spec.GridSize,
        Steps = spec.StepCount,
        Seed = spec.Seed,
        Alpha = spec.Alpha,
        SpikeProbability = spec.SpikeProbability,
        TuringEnabled = spec.IsTuringEnabled,
        TuringThreshold = spec.TuringThreshold,
        TuringIncrementVolts = spec.TuringIncrement,
        JitterEnabled = spec.IsJitterEnabled,
        JitterVarianceVoltsSquared = spec.JitterVariance,
        Boundary = spec.Boundary switch
        {
            Boundary.Neumann => Wire.Boundary.Neumann,
            Boundary.Dirichlet => Wire.Boundary.Dirichlet,
            _ => Wire.Boundary.Periodic,
        },
        ActivatorDiffusion = spec.ActivatorDiffusion,
        InhibitorDiffusion = spec.InhibitorDiffusion,
        ActivatorRate = spec.ActivatorRate,
        InhibitorRate = spec.InhibitorRate,
    };

    private static Stored.GeneratorState ToStored(this Pcg64State state)
    {
        var stored = new Stored.GeneratorState
        {
            StateHigh = (ulong)(state.State >> 64),
            StateLow = (ulong)state.State,
            IncrementHigh = (ulong)(state.Increment >> 64),
            IncrementLow = (ulong)state.Increment,
        };
        if (state.BufferedHalf is { } half)
        {
            stored.BufferedHalf = half;
        }

        return stored;
    }

    private static InvalidDataException Unknown(string what, int value) => new($"The checkpoint has an unknown {what}: {value}.");
}
