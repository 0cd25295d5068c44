using Mfn.Core.Fields;

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
        RequireFinite(outsideMolar, nameof(outsideMolar));
        RequireFinite(insideMolar, nameof(insideMolar));
        RequireFloor(concentrationFloor);
        var slope = Slope(valence, temperature);
        return slope * Math.Log(Math.Max(outsideMolar, concentrationFloor) / Math.Max(insideMolar, concentrationFloor));
    }

    /// <summary>The potentials of one ion at many places, in volts: element by element what the scalar form gives.</summary>
    /// <returns>How many concentrations, of both sides together, were below the floor.</returns>
    /// <param name="valence">The ion's charge number z; not 0.</param>
    /// <param name="outsideMolar">Concentrations outside in mol/L.</param>
    /// <param name="insideMolar">Concentrations inside in mol/L, as many as outside.</param>
    /// <param name="destination">Receives the potentials; as long as the concentrations, and it may be either of them.</param>
    /// <param name="temperature">Absolute temperature in kelvin.</param>
    /// <param name="concentrationFloor">The least concentration in mol/L; greater than 0.</param>
    /// <exception cref="ArgumentException">The spans differ in length, or a concentration is not finite; nothing was written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The valence is 0, the floor is not above 0, or a value is not finite.</exception>
    public static int Compute(
        int valence,
        ReadOnlySpan<double> outsideMolar,
        ReadOnlySpan<double> insideMolar,
        Span<double> destination,
        double temperature = BodyTemperature,
        double concentrationFloor = DefaultConcentrationFloor)
    {
        RequireLength(insideMolar.Length, outsideMolar.Length, nameof(insideMolar));
        RequireLength(destination.Length, outsideMolar.Length, nameof(destination));
        RequireFinite(outsideMolar, nameof(outsideMolar));
        RequireFinite(insideMolar, nameof(insideMolar));
        RequireFloor(concentrationFloor);
        var slope = Slope(valence, temperature);
        var clampedCount = 0;
        for (var i = 0; i < destination.Length; i++)
        {
            var outside = Floor(outsideMolar[i]);
            var inside = Floor(insideMolar[i]);
            destination[i] = slope * Math.Log(outside / inside);
        }

        return clampedCount;

        double Floor(double concentration)
        {
            if (concentration >= concentrationFloor)
            {
                return concentration;
            }

            clampedCount++;
            return concentrationFloor;
        }
    }

    /// <summary>RT/zF in volts: what the potential gains when the ratio of the concentrations grows by a factor of e.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The valence is 0, or the temperature is not finite.</exception>
    public static double Slope(int valence, double temperature = BodyTemperature)
    {
        ArgumentOutOfRangeException.ThrowIfZero(valence);
        RequireFinite(temperature, nameof(temperature));
        return GasConstant * temperature / (valence * FaradayConstant);
    }

    internal static void RequireFloor(double concentrationFloor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(concentrationFloor);
        RequireFinite(concentrationFloor, nameof(concentrationFloor));
    }

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"There must be {expected} elements, as outside, but there are {length}.", name);
        }
    }

    private static void RequireFinite(ReadOnlySpan<double> values, string name)
    {
        if (NonFiniteCells.In(values) is { IsNone: false } found)
        {
            throw new ArgumentException(
                $"The concentrations must be finite, but {found.NanCount} are NaN and {found.InfinityCount} infinite.", name);
        }
    }

    private static void RequireFinite(double value, string name)
    {
        if (!double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(name, value, "The value must be finite.");
        }
    }
}
