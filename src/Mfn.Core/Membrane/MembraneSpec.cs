using Mfn.Core.Specs;

namespace Mfn.Core.Membrane;

/// <summary>The constants of a <see cref="MembraneModel"/>. Defaults are the reference's, but for the floor: there is none.</summary>
public sealed record MembraneSpec
{
    /// <summary>The absolute temperatures in kelvin that a spec may have: from freezing to 47 °C.</summary>
    public static ParameterRange TemperatureRange { get; } = new(273.0, 320.0);

    /// <summary>The time steps in seconds that a spec may have.</summary>
    public static ParameterRange TimeStepRange { get; } = new(1e-7, 1e-2);

    /// <summary>The potentials in volts that may bound a spec's potentials.</summary>
    public static ParameterRange PotentialRange { get; } = new(-0.150, 0.150);

    /// <summary>Absolute temperature in kelvin.</summary>
    public double Temperature { get; init; } = NernstPotential.BodyTemperature;

    /// <summary>
    /// The concentration in mol/L, greater than 0, to which lower ones are raised; null leaves all as they are. The reference's default is
    /// <see cref="NernstPotential.ReferenceFloor"/>.
    /// </summary>
    public double? ConcentrationFloor { get; init; }

    /// <summary>The time step in seconds.</summary>
    public double TimeStep { get; init; } = 1e-4;

    /// <summary>How a step of time is taken.</summary>
    public IntegrationScheme Scheme { get; init; } = IntegrationScheme.Euler;

    /// <summary>The potential in volts below which clamped potentials do not fall; less than the highest.</summary>
    public double LowestPotential { get; init; } = PotentialRange.Minimum;

    /// <summary>The potential in volts above which clamped potentials do not rise.</summary>
    public double HighestPotential { get; init; } = PotentialRange.Maximum;

    /// <summary>All that keeps this spec from being used; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        problems.Check(nameof(Temperature), Temperature, TemperatureRange);
        if (ConcentrationFloor is { } floor && !(floor > 0 && double.IsFinite(floor)))
        {
            problems.Add(nameof(ConcentrationFloor), $"must be finite and above 0, but was {ParameterRange.Format(floor)}");
        }

        problems.Check(nameof(TimeStep), TimeStep, TimeStepRange);
        if (!Enum.IsDefined(Scheme))
        {
            problems.Add(nameof(Scheme), $"must be a known scheme, but was {(int)Scheme}");
        }

        problems.Check(nameof(LowestPotential), LowestPotential, PotentialRange);
        problems.Check(nameof(HighestPotential), HighestPotential, PotentialRange);
        if (LowestPotential >= HighestPotential)
        {
            problems.Add(
                nameof(LowestPotential),
                $"must be below {nameof(HighestPotential)}, but was {ParameterRange.Format(LowestPotential)} "
                    + $"and the other {ParameterRange.Format(HighestPotential)}");
        }

        return problems;
    }
}
