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
    /// Of a single ion it is the <see cref="NernstPotential"/>.
    /// </summary>
    /// <param name="ions">The ions; at least one of them permeant. They are added in this order.</param>
    /// <param name="temperature">Absolute temperature in kelvin.</param>
    /// <param name="concentrationFloor">The least concentration in mol/L; a lower one is raised to it. Greater than 0.</param>
    /// <exception cref="ArgumentException">No ion is permeant, or an ion is impossible; the message names every bad value.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The floor is not above 0, or a value is not finite.</exception>
    public static double Compute(
        ReadOnlySpan<PermeantIon> ions,
        double temperature = NernstPotential.BodyTemperature,
        double concentrationFloor = NernstPotential.DefaultConcentrationFloor)
    {
        RequirePossible(ions);
        NernstPotential.RequireFloor(concentrationFloor);
        var slope = NernstPotential.Slope(valence: 1, temperature);

        var inward = 0.0;
        var outward = 0.0;
        foreach (var ion in ions)
        {
            var outside = ion.Permeability * Math.Max(ion.OutsideMolar, concentrationFloor);
            var inside = ion.Permeability * Math.Max(ion.InsideMolar, concentrationFloor);
            inward += ion.Valence > 0 ? outside : inside;
            outward += ion.Valence > 0 ? inside : outside;
        }

        return slope * Math.Log(inward / outward);
    }

    private static void RequirePossible(ReadOnlySpan<PermeantIon> ions)
    {
        var problems = new List<string>();
        var isAnyPermeant = false;
        for (var i = 0; i < ions.Length; i++)
        {
            var ion = ions[i];
            isAnyPermeant |= ion.Permeability > 0;
            Check(i, ion.Valence is 1 or -1, "valence must be 1 or -1", ion.Valence);
            Check(
                i,
                ion.Permeability >= 0 && double.IsFinite(ion.Permeability),
                "permeability must be finite and at least 0",
                ion.Permeability);
            Check(i, double.IsFinite(ion.OutsideMolar), "concentration outside must be finite", ion.OutsideMolar);
            Check(i, double.IsFinite(ion.InsideMolar), "concentration inside must be finite", ion.InsideMolar);
        }

        if (!isAnyPermeant)
        {
            problems.Add("At least one ion must have a permeability above 0.");
        }

        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(ions));
        }

        void Check(int index, bool isFine, string claim, double value)
        {
            if (!isFine)
            {
                problems.Add($"The {claim}, but was {ParameterRange.Format(value)} for ion {index}.");
            }
        }
    }
}
