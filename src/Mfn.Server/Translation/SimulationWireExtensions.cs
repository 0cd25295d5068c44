using System.Collections.Immutable;
using Google.Protobuf;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;
using Mfn.Core.Statistics;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Frames;
using Mfn.Server.Simulation;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where contract and core meet: requests become checked specs, results become messages.</summary>
internal static class SimulationWireExtensions
{
    private const double MillivoltsPerVolt = 1000.0;

    /// <summary>The spec that a request asks for; what is wrong with it is added to the problems, by wire name.</summary>
    public static SimulationSpec ToSpec(this Wire.SimulationSpec? wire, LimitsOptions limits, RequestProblems problems)
    {
        wire ??= new Wire.SimulationSpec();
        if (wire.KineticsCase != Wire.SimulationSpec.KineticsOneofCase.None)
        {
            return wire.ToPatternSpec(ToPrecision(wire.Precision, problems), limits, problems);
        }

        wire.RefuseWithoutKinetics(problems);
        var variant = ToVariant(wire.Variant, problems);
        var spec = new SimulationSpec { Variant = variant };
        spec = spec with
        {
            Precision = ToPrecision(wire.Precision, problems),
            GridSize = wire.HasGridSize ? wire.GridSize : spec.GridSize,
            StepCount = wire.HasSteps ? wire.Steps : spec.StepCount,
            Seed = wire.HasSeed ? SeedWireExtensions.ToSeed(wire.Seed, "spec.seed", problems) : spec.Seed,
            Alpha = wire.HasAlpha ? wire.Alpha : spec.Alpha,
            SpikeProbability = wire.HasSpikeProbability ? wire.SpikeProbability : spec.SpikeProbability,
            IsTuringEnabled = wire.HasTuringEnabled ? wire.TuringEnabled : spec.IsTuringEnabled,
            TuringThreshold = wire.HasTuringThreshold ? wire.TuringThreshold : spec.TuringThreshold,
            IsJitterEnabled = wire.HasJitterEnabled ? wire.JitterEnabled : spec.IsJitterEnabled,
            JitterVariance = wire.HasJitterVarianceVoltsSquared ? wire.JitterVarianceVoltsSquared : spec.JitterVariance,
        };
        if (wire.Engine is not null && variant == SimulationVariant.Engine)
        {
            spec = WithEngineParameters(spec, wire.Engine, problems);
        }
        else if (wire.Engine is not null)
        {
            problems.Add("spec.engine", "must not be set unless variant is SIMULATION_VARIANT_ENGINE");
        }

        if (wire.AllowUnstable && variant == SimulationVariant.Engine)
        {
            problems.Add("spec.allow_unstable", "must not be set if variant is SIMULATION_VARIANT_ENGINE, whose alpha is always below 0.25");
        }

        foreach (var problem in spec.FindProblems(DoorRanges(variant, limits, wire.AllowUnstable)))
        {
            problems.Add(WireName(problem.Parameter), problem.Description + Advice(problem, spec, wire));
        }

        return spec;
    }

    /// <summary>The frames that a streaming request asks for.</summary>
    public static FramePlan ToPlan(this Wire.StreamSimulationRequest request, LimitsOptions limits, RequestProblems problems)
    {
        var everyNSteps = request.HasEveryNSteps ? request.EveryNSteps : 1;
        var range = new ParameterRange(1, limits.MaxSteps);
        if (!range.Contains(everyNSteps))
        {
            problems.Add("every_n_steps", $"must be {range}, but was {everyNSteps}");
        }

        return new FramePlan(everyNSteps, request.FieldEncoding.ToEncoding(problems), request.AnalysisInFrames);
    }

    /// <summary>The encoding that a request asks for; what is wrong with it is added to the problems.</summary>
    /// <param name="wire">The encoding; none if unspecified.</param>
    /// <param name="problems">Collects what is wrong.</param>
    /// <param name="allowsQuantized">Whether the call has quantised fields.</param>
    public static CellEncoding ToEncoding(this Wire.FieldEncoding wire, RequestProblems problems, bool allowsQuantized = false)
    {
        switch (wire)
        {
            case Wire.FieldEncoding.Unspecified:
                return CellEncoding.None;
            case Wire.FieldEncoding.Float64:
                return CellEncoding.Float64;
            case Wire.FieldEncoding.Float32:
                return CellEncoding.Float32;
            case Wire.FieldEncoding.Quantized16 when allowsQuantized:
                return CellEncoding.Quantized16;
            case Wire.FieldEncoding.Quantized8 when allowsQuantized:
                return CellEncoding.Quantized8;
            default:
                var allowed = "FIELD_ENCODING_FLOAT64, FIELD_ENCODING_FLOAT32"
                    + (allowsQuantized ? ", FIELD_ENCODING_QUANTIZED16, FIELD_ENCODING_QUANTIZED8" : "");
                var advice = wire is Wire.FieldEncoding.Quantized16 or Wire.FieldEncoding.Quantized8 ? "; quantised fields are for WatchRun" : "";
                problems.Add("field_encoding", $"must be {allowed} or unset, but was {(int)wire}{advice}");
                return CellEncoding.None;
        }
    }

    public static Wire.FieldEncoding ToWire(this CellEncoding encoding) => encoding switch
    {
        CellEncoding.Float64 => Wire.FieldEncoding.Float64,
        CellEncoding.Float32 => Wire.FieldEncoding.Float32,
        CellEncoding.Quantized16 => Wire.FieldEncoding.Quantized16,
        CellEncoding.Quantized8 => Wire.FieldEncoding.Quantized8,
        _ => Wire.FieldEncoding.Unspecified,
    };

    /// <summary>The message shares the frame's memory, so it must be serialised before the frame is disposed.</summary>
    public static Wire.SimulationFrame ToWire(this SimulationFrame frame) => new()
    {
        Step = frame.Step,
        Statistics = frame.Facts.ToPotentialStatistics(),
        SpeciesStatistics = { frame.Facts.ToSpeciesStatistics() },
        Time = frame.Facts.Time,
        GrowthEvents = { frame.GrowthEvents.Select(ToWire) },
        Field = frame.Fields.FirstOrNone()?.ToWire(),
        FurtherFields = { frame.Fields.Skip(1).Select(ToWire) },
        Features = frame.Findings.Features?.ToWire(),
        PatternFeatures = frame.Findings.Pattern?.ToWire(),
        FractalDimension = frame.Findings.Dimension?.ToWire(),
    };

    public static Wire.SimulationSummary ToWire(this SimulationResult result)
    {
        var summary = new Wire.SimulationSummary
        {
            Spec = result.Spec.ToWire(),
            GrowthEventCount = result.Counts.GrowthEvents,
            TuringActivationCount = result.Counts.TuringActivations,
            ClampingEventCount = result.Counts.ClampingEvents,
            Statistics = result.Facts.ToPotentialStatistics(),
            SpeciesStatistics = { result.Facts.ToSpeciesStatistics() },
            Time = result.Facts.Time,
            Features = result.Findings.Features?.ToWire(),
            PatternFeatures = result.Findings.Pattern?.ToWire(),
            FractalDimension = result.Findings.Dimension?.ToWire(),
        };
        if (result is { MeanActivator: { } activator, MeanInhibitor: { } inhibitor })
        {
            summary.MeanActivator = activator;
            summary.MeanInhibitor = inhibitor;
        }

        return summary;
    }

    public static Wire.Field ToWire(this EncodedField field) => new()
    {
        Rows = field.RowCount,
        Columns = field.ColumnCount,
        Encoding = field.Encoding.ToWire(),
        Values = UnsafeByteOperations.UnsafeWrap(field.Bytes),
        QuantumVolts = field.IsPotential ? field.Quantum : 0,
        SpeciesQuantum = field.IsPotential ? 0 : field.Quantum,
        FirstLevel = field.FirstLevel,
        LargestErrorVolts = field.IsPotential ? field.LargestError : 0,
        SpeciesLargestError = field.IsPotential ? 0 : field.LargestError,
    };

    /// <summary>The answer to a call that wants the end of a run alone.</summary>
    public static Wire.SimulateResponse ToResponse(this SimulationResult result) => new()
    {
        Summary = result.ToWire(),
        Field = result.Fields.FirstOrNone()?.ToWire(),
        FurtherFields = { result.Fields.Skip(1).Select(ToWire) },
    };

    public static Wire.SpeciesStatistics ToWire(this FieldStatistics statistics, string species) => new()
    {
        Species = species,
        Minimum = statistics.Minimum,
        Maximum = statistics.Maximum,
        Mean = statistics.Mean,
        StandardDeviation = statistics.StandardDeviation,
    };

    private static EncodedField? FirstOrNone(this ImmutableArray<EncodedField> fields) => fields.IsEmpty ? null : fields[0];

    private static Wire.PotentialStatistics? ToPotentialStatistics(this SimulationSummaryFacts facts) =>
        facts.Spec.Pattern is null ? facts.Statistics[0].ToWire() : null;

    private static IEnumerable<Wire.SpeciesStatistics> ToSpeciesStatistics(this SimulationSummaryFacts facts) =>
        facts.Spec.Pattern is null ? [] : facts.Statistics.Select((statistics, i) => statistics.ToWire(facts.Spec.SpeciesSymbols[i]));

    private static SimulationVariant ToVariant(Wire.SimulationVariant wire, RequestProblems problems)
    {
        switch (wire)
        {
            case Wire.SimulationVariant.Unspecified or Wire.SimulationVariant.Model:
                return SimulationVariant.Model;
            case Wire.SimulationVariant.Engine:
                return SimulationVariant.Engine;
            default:
                problems.Add("spec.variant", $"must be SIMULATION_VARIANT_MODEL or SIMULATION_VARIANT_ENGINE, but was {(int)wire}");
                return SimulationVariant.Model;
        }
    }

    private static Precision ToPrecision(Wire.Precision wire, RequestProblems problems)
    {
        switch (wire)
        {
            case Wire.Precision.Unspecified or Wire.Precision.Binary64:
                return Precision.Binary64;
            case Wire.Precision.Binary32:
                return Precision.Binary32;
            default:
                problems.Add("spec.precision", $"must be PRECISION_BINARY64 or PRECISION_BINARY32, but was {(int)wire}");
                return Precision.Binary64;
        }
    }

    private static SimulationSpec WithEngineParameters(SimulationSpec spec, Wire.EngineParameters wire, RequestProblems problems) => spec with
    {
        Boundary = ToBoundary(wire.Boundary, problems),
        ActivatorDiffusion = wire.HasActivatorDiffusion ? wire.ActivatorDiffusion : spec.ActivatorDiffusion,
        InhibitorDiffusion = wire.HasInhibitorDiffusion ? wire.InhibitorDiffusion : spec.InhibitorDiffusion,
        ActivatorRate = wire.HasActivatorRate ? wire.ActivatorRate : spec.ActivatorRate,
        InhibitorRate = wire.HasInhibitorRate ? wire.InhibitorRate : spec.InhibitorRate,
    };

    private static Boundary ToBoundary(Wire.Boundary wire, RequestProblems problems)
    {
        switch (wire)
        {
            case Wire.Boundary.Unspecified or Wire.Boundary.Periodic:
                return Boundary.Periodic;
            case Wire.Boundary.Neumann:
                return Boundary.Neumann;
            case Wire.Boundary.Dirichlet:
                return Boundary.Dirichlet;
            default:
                problems.Add("spec.engine.boundary", $"must be BOUNDARY_PERIODIC, BOUNDARY_NEUMANN or BOUNDARY_DIRICHLET, but was {(int)wire}");
                return Boundary.Periodic;
        }
    }

    /// <summary>What a caller may ask for: narrower than what the core can do.</summary>
    public static SimulationRanges DoorRanges(SimulationVariant variant, LimitsOptions limits, bool allowUnstable)
    {
        var core = SimulationRanges.Of(variant);
        var door = core with
        {
            GridSize = new(4, Math.Min(limits.MaxGridSize, core.GridSize.Maximum)),
            StepCount = new(1, limits.MaxSteps),
        };
        return variant == SimulationVariant.Engine
            ? door
            : door with
            {
                Alpha = allowUnstable ? new(0, 1) : new(0, 0.25, ExcludesMaximum: true),
                SpikeProbability = new(0, 1),
                TuringThreshold = new(0, 1),
                JitterVariance = new(0, 0.01),
            };
    }

    private static string Advice(SpecProblem problem, SimulationSpec spec, Wire.SimulationSpec wire) =>
        problem.Parameter == nameof(SimulationSpec.Alpha) && spec is { Variant: SimulationVariant.Model, Alpha: >= 0.25 and <= 1 } && !wire.AllowUnstable
            ? "; set allow_unstable to go up to 1"
            : "";

    public static string WireName(string parameter) => parameter switch
    {
        nameof(SimulationSpec.GridSize) => "spec.grid_size",
        nameof(SimulationSpec.StepCount) => "spec.steps",
        nameof(SimulationSpec.Alpha) => "spec.alpha",
        nameof(SimulationSpec.SpikeProbability) => "spec.spike_probability",
        nameof(SimulationSpec.TuringThreshold) => "spec.turing_threshold",
        nameof(SimulationSpec.JitterVariance) => "spec.jitter_variance_volts_squared",
        nameof(SimulationSpec.ActivatorDiffusion) => "spec.engine.activator_diffusion",
        nameof(SimulationSpec.InhibitorDiffusion) => "spec.engine.inhibitor_diffusion",
        nameof(SimulationSpec.ActivatorRate) => "spec.engine.activator_rate",
        nameof(SimulationSpec.InhibitorRate) => "spec.engine.inhibitor_rate",
        _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter, "The parameter has no wire name."),
    };

    public static Wire.SimulationSpec ToWire(this SimulationSpec spec)
    {
        if (spec.Pattern is not null)
        {
            return spec.ToPatternWire();
        }

        var wire = new Wire.SimulationSpec
        {
            Variant = spec.Variant == SimulationVariant.Model ? Wire.SimulationVariant.Model : Wire.SimulationVariant.Engine,
            Precision = spec.Precision == Precision.Binary64 ? Wire.Precision.Binary64 : Wire.Precision.Binary32,
            GridSize = spec.GridSize,
            Steps = spec.StepCount,
            Seed = (long)spec.Seed,
            Alpha = spec.Alpha,
            SpikeProbability = spec.SpikeProbability,
            TuringEnabled = spec.IsTuringEnabled,
            TuringThreshold = spec.TuringThreshold,
            JitterEnabled = spec.IsJitterEnabled,
            JitterVarianceVoltsSquared = spec.JitterVariance,
            AllowUnstable = spec.Variant == SimulationVariant.Model && spec.Alpha >= 0.25,
        };
        if (spec.Variant == SimulationVariant.Engine)
        {
            wire.Engine = new Wire.EngineParameters
            {
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
        }

        return wire;
    }

    private static Wire.GrowthEvent ToWire(GrowthEvent growthEvent) => new()
    {
        Step = growthEvent.Step,
        Row = growthEvent.Row,
        Column = growthEvent.Column,
        AmplitudeMillivolts = growthEvent.Amplitude * MillivoltsPerVolt,
    };

    public static Wire.PotentialStatistics ToWire(this FieldStatistics volts)
    {
        var millivolts = volts.Scale(MillivoltsPerVolt);
        return new Wire.PotentialStatistics
        {
            MinPotentialMillivolts = millivolts.Minimum,
            MaxPotentialMillivolts = millivolts.Maximum,
            MeanPotentialMillivolts = millivolts.Mean,
            PotentialStandardDeviationMillivolts = millivolts.StandardDeviation,
        };
    }
}
