using System.Numerics;

namespace Mfn.Core.Simulation;

/// <summary>What a spec's step multiplies, adds and compares with, rounded to the type of the cells.</summary>
internal sealed class StepConstants<T>(SimulationSpec spec)
    where T : unmanaged, INumber<T>
{
    public T Alpha { get; } = T.CreateChecked(spec.Alpha);

    public T ActivatorDiffusion { get; } = T.CreateChecked(spec.ActivatorDiffusion);

    public T InhibitorDiffusion { get; } = T.CreateChecked(spec.InhibitorDiffusion);

    public T ActivatorRate { get; } = T.CreateChecked(spec.ActivatorRate);

    public T InhibitorRate { get; } = T.CreateChecked(spec.InhibitorRate);

    /// <summary>The numerics variant clips the activator to 1 before it compares: that never exceeds a threshold of 1.</summary>
    public T Threshold { get; } = T.CreateChecked(
        spec.Variant == SimulationVariant.Numerics && spec.TuringThreshold >= 1.0 ? double.PositiveInfinity : spec.TuringThreshold);

    public T Increment { get; } = T.CreateChecked(spec.TuringIncrement);

    public T One { get; } = T.One;

    public T LowestPotential { get; } = T.CreateChecked(-0.095);

    public T HighestPotential { get; } = T.CreateChecked(0.040);
}
