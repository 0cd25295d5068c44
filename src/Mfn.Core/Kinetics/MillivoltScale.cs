using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Kinetics;

/// <summary>The potential that a concentration stands for, for what has thresholds in mV: an affine map.</summary>
/// <param name="Offset">The potential of the concentration 0, in mV.</param>
/// <param name="PerUnit">What one unit of concentration adds, in mV; not 0.</param>
public readonly record struct MillivoltScale(double Offset, double PerUnit)
{
    private const double MillivoltsPerVolt = 1000;

    /// <summary>From a membrane at rest to a spike as the concentration goes from 0 to 1.</summary>
    public static MillivoltScale Default { get; } = new(-70, 100);

    /// <summary>Writes the potentials in volts.</summary>
    /// <param name="concentrations">In the model's unit.</param>
    /// <param name="volts">Room for as many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(ReadOnlySpan<double> concentrations, Span<double> volts)
    {
        var (offset, perUnit) = (new Vector<double>(Offset), new Vector<double>(PerUnit));
        var i = 0;
        for (; i <= concentrations.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            (((new Vector<double>(concentrations[i..]) * perUnit) + offset) / MillivoltsPerVolt).CopyTo(volts[i..]);
        }

        for (; i < concentrations.Length; i++)
        {
            volts[i] = ((concentrations[i] * PerUnit) + Offset) / MillivoltsPerVolt;
        }
    }
}
