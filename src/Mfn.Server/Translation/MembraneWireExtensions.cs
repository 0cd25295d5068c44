using Mfn.Core.Membrane;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the membrane contract meets the core.</summary>
internal static class MembraneWireExtensions
{
    private const double MillivoltsPerVolt = 1000.0;
    private const double MostMolar = 1000.0;
    private const int HighestValence = 3;
    private const double HighestPermeability = 1_000_000.0;
    private const int MostIons = 16;

    private static readonly ParameterRange TemperatureRange = new(273, 373);

    /// <summary>The answer to a request.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with the request.</exception>
    public static Wire.ComputeNernstPotentialResponse ToResponse(this Wire.ComputeNernstPotentialRequest request)
    {
        var problems = new RequestProblems();
        var valence = request.HasValence ? request.Valence : 1;
        if (valence is 0 or < -HighestValence or > HighestValence)
        {
            problems.Add("valence", $"must be between {-HighestValence} and {HighestValence} and not 0, but was {valence}");
        }

        var outside = Concentration("outside_molar", request.HasOutsideMolar ? request.OutsideMolar : null, problems);
        var inside = Concentration("inside_molar", request.HasInsideMolar ? request.InsideMolar : null, problems);
        var floor = request.HasConcentrationFloorMolar
            ? Concentration("concentration_floor_molar", request.ConcentrationFloorMolar, problems)
            : NernstPotential.DefaultConcentrationFloor;
        var temperature = Temperature(request.HasTemperatureKelvin ? request.TemperatureKelvin : null, problems);
        problems.ThrowIfAny();
        return new Wire.ComputeNernstPotentialResponse
        {
            PotentialMillivolts = NernstPotential.Compute(valence, outside, inside, temperature, floor) * MillivoltsPerVolt,
            OutsideRaisedToFloor = outside < floor,
            InsideRaisedToFloor = inside < floor,
        };
    }

    /// <summary>The answer to a request.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with the request.</exception>
    public static Wire.ComputeGoldmanPotentialResponse ToResponse(this Wire.ComputeGoldmanPotentialRequest request)
    {
        var problems = new RequestProblems();
        if (request.Ions.Count is < 1 or > MostIons)
        {
            problems.Add("ions", $"must be between 1 and {MostIons}, but were {request.Ions.Count}");
        }

        var ions = request.Ions.Take(MostIons).Select((ion, i) => ToIon(ion, $"ions[{i}]", problems)).ToArray();
        var temperature = Temperature(request.HasTemperatureKelvin ? request.TemperatureKelvin : null, problems);
        problems.ThrowIfAny();
        return new Wire.ComputeGoldmanPotentialResponse
        {
            PotentialMillivolts = GoldmanPotential.Compute(ions, temperature) * MillivoltsPerVolt,
        };
    }

    private static PermeantIon ToIon(Wire.PermeantIon wire, string path, RequestProblems problems)
    {
        var valence = wire.HasValence ? wire.Valence : 1;
        if (valence is not (1 or -1))
        {
            problems.Add($"{path}.valence", $"must be 1 or -1, but was {valence}");
        }

        return new PermeantIon(
            valence,
            Positive($"{path}.permeability", wire.HasPermeability ? wire.Permeability : null, HighestPermeability, problems),
            Concentration($"{path}.outside_molar", wire.HasOutsideMolar ? wire.OutsideMolar : null, problems),
            Concentration($"{path}.inside_molar", wire.HasInsideMolar ? wire.InsideMolar : null, problems));
    }

    private static double Temperature(double? kelvin, RequestProblems problems)
    {
        var temperature = kelvin ?? NernstPotential.BodyTemperature;
        if (!TemperatureRange.Contains(temperature))
        {
            problems.Add("temperature_kelvin", $"must be {TemperatureRange}, but was {ParameterRange.Format(temperature)}");
        }

        return temperature;
    }

    private static double Concentration(string field, double? molar, RequestProblems problems) => Positive(field, molar, MostMolar, problems);

    private static double Positive(string field, double? value, double maximum, RequestProblems problems)
    {
        if (value > 0 && value <= maximum)
        {
            return value.Value;
        }

        problems.Add(field, $"must be above 0 and at most {maximum}, but was {(value is null ? "not set" : ParameterRange.Format(value.Value))}");
        return maximum;
    }
}
