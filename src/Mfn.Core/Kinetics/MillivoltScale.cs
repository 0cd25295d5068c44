namespace Mfn.Core.Kinetics;

/// <summary>The potential that a concentration stands for, for what has thresholds in mV: an affine map.</summary>
/// <param name="Offset">The potential of the concentration 0, in mV.</param>
/// <param name="PerUnit">What one unit of concentration adds, in mV; not 0.</param>
public readonly record struct MillivoltScale(double Offset, double PerUnit)
{
    /// <summary>From a membrane at rest to a spike as the concentration goes from 0 to 1.</summary>
    public static MillivoltScale Default { get; } = new(-70, 100);

    /// <summary>Writes the potentials in volts.</summary>
    /// <param name="concentrations">In the model's unit.</param>
    /// <param name="volts">Room for as many.</param>
    public void Apply(ReadOnlySpan<double> concentrations, Span<double> volts)
    {
        for (var i = 0; i < concentrations.Length; i++)
        {
            volts[i] = ((concentrations[i] * PerUnit) + Offset) / 1000;
        }
    }
}
