using Mfn.Cli.Output;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>Specs in the words of the options that make them.</summary>
internal static class SpecReport
{
    /// <summary>The variant's word.</summary>
    public static string Variant(SimulationSpec spec) => spec.Variant == SimulationVariant.Engine ? "engine" : "model";

    /// <summary>The whole spec, with every default filled in: the options that give the same run.</summary>
    public static JsonRecord ToJson(SimulationSpec spec)
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
                .Add("boundary", engine.Boundary switch
                {
                    Boundary.Neumann => "neumann",
                    Boundary.Dirichlet => "dirichlet",
                    _ => "periodic",
                })
                .Add("activator_diffusion", engine.ActivatorDiffusion)
                .Add("inhibitor_diffusion", engine.InhibitorDiffusion)
                .Add("activator_rate", engine.ActivatorRate)
                .Add("inhibitor_rate", engine.InhibitorRate);
        }

        return record;
    }
}
