using Mfn.Core.Specs;

namespace Mfn.Core.Membrane;

/// <summary>One ion on both sides of a membrane.</summary>
public sealed record NernstSpec
{
    /// <summary>The charge numbers that an ion may have; 0 is none of them.</summary>
    public static ParameterRange ValenceRange { get; } = new(-3, 3);

    /// <summary>The concentrations in mol/L that an ion may have: any double above 0, subnormal ones too, up to the greatest.</summary>
    public static ParameterRange ConcentrationRange { get; } = new(double.Epsilon, 1000);

    /// <summary>The absolute temperatures in kelvin that a membrane may have.</summary>
    public static ParameterRange TemperatureRange { get; } = new(273, 373);

    /// <summary>The ion's charge number z.</summary>
    public int Valence { get; init; } = 1;

    /// <summary>Concentration outside the cell in mol/L.</summary>
    public required double OutsideMolar { get; init; }

    /// <summary>Concentration inside the cell in mol/L.</summary>
    public required double InsideMolar { get; init; }

    /// <summary>Absolute temperature in kelvin.</summary>
    public double TemperatureKelvin { get; init; } = NernstPotential.BodyTemperature;

    /// <summary>
    /// Whether concentrations below <see cref="NernstPotential.ReferenceFloor"/> count as the floor, as the reference has it; otherwise the
    /// potential is exact.
    /// </summary>
    public bool UsesReferenceFloor { get; init; }

    /// <summary>Whether the concentration outside is raised to the floor.</summary>
    public bool IsOutsideRaised => UsesReferenceFloor && OutsideMolar < NernstPotential.ReferenceFloor;

    /// <summary>Whether the concentration inside is raised to the floor.</summary>
    public bool IsInsideRaised => UsesReferenceFloor && InsideMolar < NernstPotential.ReferenceFloor;

    /// <summary>All that keeps this spec from being used; empty if nothing does.</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        if (Valence == 0 || !ValenceRange.Contains(Valence))
        {
            problems.Add(nameof(Valence), $"must be {ValenceRange} and not 0, but was {Valence}");
        }

        problems.Check(nameof(OutsideMolar), OutsideMolar, ConcentrationRange);
        problems.Check(nameof(InsideMolar), InsideMolar, ConcentrationRange);
        problems.Check(nameof(TemperatureKelvin), TemperatureKelvin, TemperatureRange);
        return problems;
    }
}
