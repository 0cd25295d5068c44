using System.Text.Json;
using Mfn.Core.Membrane;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the membrane contract meets the core.</summary>
internal static class MembraneWireExtensions
{
    private const double MillivoltsPerVolt = 1000.0;

    // Within every range, so that what is not set is told of once.
    private const double Placeholder = 1.0;

    /// <summary>The answer to a request.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with the request.</exception>
    public static Wire.ComputeNernstPotentialResponse ToResponse(this Wire.ComputeNernstPotentialRequest request)
    {
        var problems = new RequestProblems();
        var spec = new NernstSpec
        {
            OutsideMolar = Required("outside_molar", request.HasOutsideMolar, request.OutsideMolar, NernstSpec.ConcentrationRange, problems),
            InsideMolar = Required("inside_molar", request.HasInsideMolar, request.InsideMolar, NernstSpec.ConcentrationRange, problems),
            UsesReferenceFloor = request.ReferenceFloor,
        };
        spec = spec with
        {
            Valence = request.HasValence ? request.Valence : spec.Valence,
            TemperatureKelvin = request.HasTemperatureKelvin ? request.TemperatureKelvin : spec.TemperatureKelvin,
        };
        AddAll(spec.FindProblems(), problems);
        problems.ThrowIfAny();
        return new Wire.ComputeNernstPotentialResponse
        {
            PotentialMillivolts = NernstPotential.Compute(spec) * MillivoltsPerVolt,
            OutsideRaisedToFloor = spec.IsOutsideRaised,
            InsideRaisedToFloor = spec.IsInsideRaised,
        };
    }

    /// <summary>The answer to a request.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with the request.</exception>
    public static Wire.ComputeGoldmanPotentialResponse ToResponse(this Wire.ComputeGoldmanPotentialRequest request)
    {
        var problems = new RequestProblems();
        var ions = request.Ions.Take((int)GoldmanSpec.IonCountRange.Maximum + 1).Select((ion, i) => ToIon(ion, $"ions[{i}]", problems));
        var spec = new GoldmanSpec { Ions = [.. ions], UsesReferenceFloor = request.ReferenceFloor };
        spec = request.HasTemperatureKelvin ? spec with { TemperatureKelvin = request.TemperatureKelvin } : spec;
        AddAll(spec.FindProblems(), problems);
        problems.ThrowIfAny();
        return new Wire.ComputeGoldmanPotentialResponse
        {
            PotentialMillivolts = GoldmanPotential.Compute(spec) * MillivoltsPerVolt,
            RaisedToFloor = { spec.RaisedConcentrations.Select(ToWire) },
        };
    }

    private static PermeantIon ToIon(Wire.PermeantIon wire, string path, RequestProblems problems) => new(
        wire.HasValence ? wire.Valence : 1,
        Required($"{path}.permeability", wire.HasPermeability, wire.Permeability, GoldmanSpec.PermeabilityRange, problems),
        Required($"{path}.outside_molar", wire.HasOutsideMolar, wire.OutsideMolar, NernstSpec.ConcentrationRange, problems),
        Required($"{path}.inside_molar", wire.HasInsideMolar, wire.InsideMolar, NernstSpec.ConcentrationRange, problems));

    private static Wire.RaisedConcentration ToWire(RaisedConcentration raised) => new()
    {
        Ion = raised.Ion,
        Side = raised.Side == MembraneSide.Outside ? Wire.MembraneSide.Outside : Wire.MembraneSide.Inside,
    };

    private static double Required(string field, bool isSet, double value, ParameterRange range, RequestProblems problems)
    {
        if (isSet)
        {
            return value;
        }

        problems.Add(field, $"must be {range}, but was not set");
        return Placeholder;
    }

    // The wire names of the specs' properties are their names in lower case.
    private static void AddAll(IReadOnlyList<SpecProblem> found, RequestProblems problems)
    {
        foreach (var (parameter, description) in found)
        {
            problems.Add(string.Join('.', parameter.Split('.').Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)), description);
        }
    }
}
