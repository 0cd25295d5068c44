using System.Collections.Immutable;
using Mfn.Core.Specs;

namespace Mfn.Core.Membrane;

/// <summary>The monovalent ions that pass a membrane.</summary>
public sealed record GoldmanSpec
{
    /// <summary>How many ions there may be.</summary>
    public static ParameterRange IonCountRange { get; } = new(1, 16);

    /// <summary>The permeabilities that an ion may have; only ratios between the ions count, and one must be above 0.</summary>
    public static ParameterRange PermeabilityRange { get; } = new(0, 1_000_000);

    /// <summary>The ions; they are added in this order.</summary>
    public required ImmutableArray<PermeantIon> Ions { get; init; }

    /// <summary>Absolute temperature in kelvin.</summary>
    public double TemperatureKelvin { get; init; } = NernstPotential.BodyTemperature;

    /// <summary>
    /// Whether concentrations below <see cref="NernstPotential.ReferenceFloor"/> count as the floor, as in the reference's Nernst potential (it
    /// has none of several ions); otherwise the potential is exact.
    /// </summary>
    public bool UsesReferenceFloor { get; init; }

    /// <summary>The concentrations that are raised to the floor, ion by ion.</summary>
    public IEnumerable<RaisedConcentration> RaisedConcentrations
    {
        get
        {
            for (var i = 0; UsesReferenceFloor && i < Ions.Length; i++)
            {
                if (Ions[i].OutsideMolar < NernstPotential.ReferenceFloor)
                {
                    yield return new RaisedConcentration(i, MembraneSide.Outside);
                }

                if (Ions[i].InsideMolar < NernstPotential.ReferenceFloor)
                {
                    yield return new RaisedConcentration(i, MembraneSide.Inside);
                }
            }
        }
    }

    /// <summary>All that keeps this spec from being used; empty if nothing does. An ion's property is named "Ions[0].Valence".</summary>
    public IReadOnlyList<SpecProblem> FindProblems()
    {
        var problems = new List<SpecProblem>();
        if (!IonCountRange.Contains(Ions.Length))
        {
            problems.Add(nameof(Ions), $"must be {IonCountRange}, but were {Ions.Length}");
        }

        for (var i = 0; i < Ions.Length; i++)
        {
            var ion = Ions[i];
            var path = $"{nameof(Ions)}[{i}]";
            if (ion.Valence is not (1 or -1))
            {
                problems.Add(
                    $"{path}.{nameof(ion.Valence)}", $"must be 1 or -1 (the equation holds for monovalent ions alone), but was {ion.Valence}");
            }

            problems.Check($"{path}.{nameof(ion.Permeability)}", ion.Permeability, PermeabilityRange);
            problems.Check($"{path}.{nameof(ion.OutsideMolar)}", ion.OutsideMolar, NernstSpec.ConcentrationRange);
            problems.Check($"{path}.{nameof(ion.InsideMolar)}", ion.InsideMolar, NernstSpec.ConcentrationRange);
        }

        if (!Ions.IsEmpty && Ions.All(ion => ion.Permeability == 0))
        {
            problems.Add(nameof(Ions), "must have one with a permeability above 0, but all were 0");
        }

        problems.Check(nameof(TemperatureKelvin), TemperatureKelvin, NernstSpec.TemperatureRange);
        return problems;
    }
}
