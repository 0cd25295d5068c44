using Mfn.Core.Membrane;
using Mfn.Core.Simulation;
using Mfn.Server.Calls;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the membrane contract meets the core.</summary>
internal static class MembraneWireExtensions
{
    private const double MillivoltsPerVolt = 1000.0;
    private const double MostMolar = 1000.0;
    private const int HighestValence = 3;

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

        var outside = Concentration("outside_molar", request.HasOutsideMolar ? request.OutsideMolar : null);
        var inside = Concentration("inside_molar", request.HasInsideMolar ? request.InsideMolar : null);
        var floor = request.HasConcentrationFloorMolar
            ? Concentration("concentration_floor_molar", request.ConcentrationFloorMolar)
            : NernstPotential.DefaultConcentrationFloor;
        var temperature = request.HasTemperatureKelvin ? request.TemperatureKelvin : NernstPotential.BodyTemperature;
        if (!TemperatureRange.Contains(temperature))
        {
            problems.Add("temperature_kelvin", $"must be {TemperatureRange}, but was {ParameterRange.Format(temperature)}");
        }

        problems.ThrowIfAny();
        return new Wire.ComputeNernstPotentialResponse
        {
            PotentialMillivolts = NernstPotential.Compute(valence, outside, inside, temperature, floor) * MillivoltsPerVolt,
            OutsideRaisedToFloor = outside < floor,
            InsideRaisedToFloor = inside < floor,
        };

        double Concentration(string field, double? molar)
        {
            if (molar is > 0 and <= MostMolar)
            {
                return molar.Value;
            }

            problems.Add(field, $"must be above 0 and at most {MostMolar}, but was {(molar is null ? "not set" : ParameterRange.Format(molar.Value))}");
            return MostMolar;
        }
    }
}
