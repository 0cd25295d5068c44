using Google.Protobuf.Collections;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>Specs in the words of the options that make them.</summary>
internal static class SpecReport
{
    /// <summary>The variant's word.</summary>
    public static string Variant(SimulationSpec spec) => spec.Variant == SimulationVariant.Engine ? "engine" : "model";

    /// <summary>The whole spec, with every default filled in: the options that give the same run.</summary>
    public static JsonRecord ToJson(SimulationSpec spec) => KineticsWire.ModelOf(spec) is null ? ReferenceToJson(spec) : PatternToJson(spec);

    private static JsonRecord PatternToJson(SimulationSpec spec)
    {
        var domain = spec.Domain ?? new Domain();
        var record = new JsonRecord()
            .Add("kinetics", KineticsWire.Tell(spec))
            .Add("precision", spec.Precision == Precision.Binary32 ? "f32" : "f64")
            .Add("rows", domain.Rows)
            .Add("columns", domain.Columns)
            .Add("steps", spec.Steps > 0 ? (double?)spec.Steps : null)
            .Add("seed", spec.Seed)
            .Add("cell_width", domain.CellWidth)
            .Add("time_step", domain.TimeStep)
            .Add("allow_unstable", spec.AllowUnstable)
            .Add("boundary", BoundaryOption.Tell(domain.Boundaries))
            .Add("laplacian", domain.Laplacian == LaplacianStencil.NinePoint ? "9" : "5")
            .Add("integrator", spec.Integrator == Integrator.Adi ? "adi" : "euler")
            .Add("noise", Numbers(spec.Noise?.Additive))
            .Add("multiplicative_noise", Numbers(spec.Noise?.Multiplicative))
            .Add("masked", domain.Mask.Length > 0);
        return spec.Initial is not { } initial ? record : record
            .Add("initial_uniform", Numbers(initial.Uniform))
            .Add("initial_noise", initial.Noise)
            .Add("initial_shape", WireName.InAnswer(initial.Shape == InitialShape.Unspecified ? InitialShape.None : initial.Shape))
            .Add("initial_inside", Numbers(initial.Inside))
            .Add("initial_size", initial.Size)
            .Add("initial_count", (long)(initial.PatchCount + initial.StripeCount));
    }

    private static IEnumerable<double?> Numbers(RepeatedField<double>? numbers) => (numbers ?? []).Select(number => (double?)number);

    private static JsonRecord ReferenceToJson(SimulationSpec spec)
    {
        var record = new JsonRecord()
            .Add("variant", Variant(spec))
            .Add("precision", spec.Precision == Precision.Binary32 ? "f32" : "f64")
            .Add("grid", spec.GridSize)
            .Add("steps", spec.Steps > 0 ? (double?)spec.Steps : null)
            .Add("seed", spec.Seed)
            .Add("alpha", spec.Alpha)
            .Add("allow_unstable", spec.AllowUnstable)
            .Add("spike_probability", spec.SpikeProbability)
            .Add("no_turing", !spec.TuringEnabled)
            .Add("turing_threshold", spec.TuringThreshold)
            .Add("jitter", spec.JitterEnabled)
            .Add("jitter_variance", spec.JitterVarianceVoltsSquared);
        if (spec.Engine is { } engine)
        {
            record
                .Add("boundary", BoundaryOption.WordOf(engine.Boundary))
                .Add("activator_diffusion", engine.ActivatorDiffusion)
                .Add("inhibitor_diffusion", engine.InhibitorDiffusion)
                .Add("activator_rate", engine.ActivatorRate)
                .Add("inhibitor_rate", engine.InhibitorRate);
        }

        return record;
    }
}
