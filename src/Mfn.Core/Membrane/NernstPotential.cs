using Mfn.Core.Fields;
using Mfn.Core.Specs;

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

    /// <summary>The concentration in mol/L below which the reference counts none. Mfn does so only where it is asked to.</summary>
    public const double ReferenceFloor = 1e-6;

    /// <summary>E = (R T / z F) ln(outside / inside), in volts.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public static double Compute(NernstSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));
        return Compute(spec.Valence, spec.OutsideMolar, spec.InsideMolar, spec.TemperatureKelvin, spec.UsesReferenceFloor ? ReferenceFloor : null);
    }

    /// <summary>E = (R T / z F) ln(outside / inside), in volts.</summary>
    /// <param name="valence">The ion's charge number z; not 0.</param>
    /// <param name="outsideMolar">Concentration outside the cell in mol/L: finite, and above 0 unless there is a floor.</param>
    /// <param name="insideMolar">Concentration inside the cell in mol/L: finite, and above 0 unless there is a floor.</param>
    /// <param name="temperature">Absolute temperature in kelvin.</param>
    /// <param name="concentrationFloor">The concentration in mol/L, above 0, to which lower ones are raised; null leaves all as they are.</param>
    /// <exception cref="ArgumentOutOfRangeException">The valence is 0, a concentration or the floor is not above 0, or a value is not finite.</exception>
    public static double Compute(
        int valence,
        double outsideMolar,
        double insideMolar,
        double temperature = BodyTemperature,
        double? concentrationFloor = null)
    {
        RequireFloor(concentrationFloor);
        RequireConcentration(outsideMolar, concentrationFloor, nameof(outsideMolar));
        RequireConcentration(insideMolar, concentrationFloor, nameof(insideMolar));
        var slope = Slope(valence, temperature);
        return slope * LogRatio(Math.Max(outsideMolar, concentrationFloor ?? 0), Math.Max(insideMolar, concentrationFloor ?? 0));
    }

    /// <summary>The potentials of one ion at many places, in volts: element by element what the scalar form gives.</summary>
    /// <returns>How many concentrations, of both sides together, were below the floor.</returns>
    /// <param name="valence">The ion's charge number z; not 0.</param>
    /// <param name="outsideMolar">Concentrations outside in mol/L: finite, and above 0 unless there is a floor.</param>
    /// <param name="insideMolar">Concentrations inside in mol/L, as many as outside.</param>
    /// <param name="destination">Receives the potentials; as long as the concentrations, and it may be either of them.</param>
    /// <param name="temperature">Absolute temperature in kelvin.</param>
    /// <param name="concentrationFloor">The concentration in mol/L, above 0, to which lower ones are raised; null leaves all as they are.</param>
    /// <exception cref="ArgumentException">The spans differ in length, or a concentration is impossible; nothing was written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The valence is 0, the floor is not above 0, or a value is not finite.</exception>
    public static int Compute(
        int valence,
        ReadOnlySpan<double> outsideMolar,
        ReadOnlySpan<double> insideMolar,
        Span<double> destination,
        double temperature = BodyTemperature,
        double? concentrationFloor = null)
    {
        RequireLength(insideMolar.Length, outsideMolar.Length, nameof(insideMolar));
        RequireLength(destination.Length, outsideMolar.Length, nameof(destination));
        RequireFloor(concentrationFloor);
        RequireConcentrations(outsideMolar, concentrationFloor, nameof(outsideMolar));
        RequireConcentrations(insideMolar, concentrationFloor, nameof(insideMolar));
        var slope = Slope(valence, temperature);
        var clampedCount = 0;
        for (var i = 0; i < destination.Length; i++)
        {
            var outside = Floor(outsideMolar[i]);
            var inside = Floor(insideMolar[i]);
            destination[i] = slope * LogRatio(outside, inside);
        }

        return clampedCount;

        double Floor(double concentration)
        {
            if (concentrationFloor is not { } floor || concentration >= floor)
            {
                return concentration;
            }

            clampedCount++;
            return floor;
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

    private static void RequireFloor(double? concentrationFloor)
    {
        if (concentrationFloor is { } floor && !(floor > 0 && double.IsFinite(floor)))
        {
            throw new ArgumentOutOfRangeException(nameof(concentrationFloor), floor, "The floor must be finite and above 0.");
        }
    }

    private static void RequireConcentration(double molar, double? concentrationFloor, string name)
    {
        RequireFinite(molar, name);
        if (concentrationFloor is null && molar <= 0)
        {
            throw new ArgumentOutOfRangeException(name, molar, "The concentration must be above 0.");
        }
    }

    // The quotient of two doubles may be none: 1000 / 1e-320 overflows, and 1e-320 / 1000 is 0.
    private static double LogRatio(double outside, double inside) =>
        outside / inside is var ratio && double.IsNormal(ratio) ? Math.Log(ratio) : Math.Log(outside) - Math.Log(inside);

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"There must be {expected} elements, as outside, but there are {length}.", name);
        }
    }

    private static void RequireConcentrations(ReadOnlySpan<double> molars, double? concentrationFloor, string name)
    {
        if (NonFiniteCells.In(molars) is { IsNone: false } found)
        {
            throw new ArgumentException(
                $"The concentrations must be finite, but {found.NanCount} are NaN and {found.InfinityCount} infinite.", name);
        }

        for (var i = 0; concentrationFloor is null && i < molars.Length; i++)
        {
            if (molars[i] <= 0)
            {
                throw new ArgumentException($"The concentrations must be above 0, but number {i} is {ParameterRange.Format(molars[i])}.", name);
            }
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
