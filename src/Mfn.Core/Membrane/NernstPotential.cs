namespace Mfn.Core.Membrane;

/// <summary>The equilibrium potential of one ion across a membrane (W. Nernst, 1889).</summary>
public static class NernstPotential
{
    /// <summary>R, the molar gas constant in J/(mol K), to the digits that the reference uses.</summary>
    public const double GasConstant = 8.314;

    /// <summary>F, the charge of a mole of electrons in C/mol.</summary>
    public const double FaradayConstant = 96485.33212;

    /// <summary>37 °C in kelvin.</summary>
    public const double BodyTemperature = 310.0;

    /// <summary>The concentration in mol/L below which no concentration counts, so that the logarithm stays finite.</summary>
    public const double DefaultConcentrationFloor = 1e-6;

    /// <summary>E = (R T / z F) ln(outside / inside), in volts.</summary>
    /// <param name="valence">The ion's charge number z; not 0.</param>
    /// <param name="outsideMolar">Concentration outside the cell in mol/L; raised to the floor if below it.</param>
    /// <param name="insideMolar">Concentration inside the cell in mol/L; raised to the floor if below it.</param>
    /// <param name="temperature">Absolute temperature in kelvin.</param>
    /// <param name="concentrationFloor">The least concentration in mol/L; greater than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The valence is 0, the floor is not above 0, or a value is not finite.</exception>
    public static double Compute(
        int valence,
        double outsideMolar,
        double insideMolar,
        double temperature = BodyTemperature,
        double concentrationFloor = DefaultConcentrationFloor)
    {
        ArgumentOutOfRangeException.ThrowIfZero(valence);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(concentrationFloor);
        RequireFinite(outsideMolar, nameof(outsideMolar));
        RequireFinite(insideMolar, nameof(insideMolar));
        RequireFinite(temperature, nameof(temperature));
        RequireFinite(concentrationFloor, nameof(concentrationFloor));

        var ratio = Math.Max(outsideMolar, concentrationFloor) / Math.Max(insideMolar, concentrationFloor);
        return GasConstant * temperature / (valence * FaradayConstant) * Math.Log(ratio);
    }

    private static void RequireFinite(double value, string name)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(name, value, "The value must be finite.");
        }
    }
}
