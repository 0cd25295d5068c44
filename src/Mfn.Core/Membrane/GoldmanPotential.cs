using Mfn.Core.Specs;

namespace Mfn.Core.Membrane;

/// <summary>The potential at which the currents of several monovalent ions cancel: the Goldman-Hodgkin-Katz voltage equation.</summary>
/// <remarks>
/// D. E. Goldman, "Potential, impedance, and rectification in membranes", 1943; A. L. Hodgkin and B. Katz, "The effect of sodium ions on
/// the electrical activity of the giant axon of the squid", 1949. The field inside the membrane is taken as constant.
/// </remarks>
public static class GoldmanPotential
{
    /// <summary>
    /// E = (R T / F) ln((Σ P⁺ outside + Σ P⁻ inside) / (Σ P⁺ inside + Σ P⁻ outside)), in volts: anions count on the other side.
    /// Of a single ion it is the <see cref="NernstPotential"/>. However small or large the products are, none is lost.
    /// </summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public static double Compute(GoldmanSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));

        var floor = spec.UsesReferenceFloor ? NernstPotential.ReferenceFloor : 0;
        var inward = default(ScaledSum);
        var outward = default(ScaledSum);
        foreach (var ion in spec.Ions)
        {
            var (outside, inside) = (Math.Max(ion.OutsideMolar, floor), Math.Max(ion.InsideMolar, floor));
            inward.AddProduct(ion.Permeability, ion.Valence > 0 ? outside : inside);
            outward.AddProduct(ion.Permeability, ion.Valence > 0 ? inside : outside);
        }

        return NernstPotential.Slope(valence: 1, spec.TemperatureKelvin) * ScaledSum.LogRatio(inward, outward);
    }
}
