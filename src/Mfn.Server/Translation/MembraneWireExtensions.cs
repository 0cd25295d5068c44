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

    /// <summary>The answer to a request.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with the request.</exception>
    public static Wire.ComputeNernstPotentialResponse ToResponse(this Wire.ComputeNernstPotentialRequest request)
    {
        var unset = new HashSet<string>();
        var spec = new NernstSpec
        {
            OutsideMolar = Required("outside_molar", request.HasOutsideMolar, request.OutsideMolar, unset),
            InsideMolar = Required("inside_molar", request.HasInsideMolar, request.InsideMolar, unset),
            UsesReferenceFloor = request.ReferenceFloor,
        };
        spec = spec with
        {
            Valence = request.HasValence ? request.Valence : spec.Valence,
            TemperatureKelvin = request.HasTemperatureKelvin ? request.TemperatureKelvin : spec.TemperatureKelvin,
        };
        ThrowIfAny(spec.FindProblems(), unset);
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
        var unset = new HashSet<string>();
        var ions = request.Ions.Take((int)GoldmanSpec.IonCountRange.Maximum + 1).Select((ion, i) => ToIon(ion, $"ions[{i}]", unset));
        var spec = new GoldmanSpec { Ions = [.. ions], UsesReferenceFloor = request.ReferenceFloor };
        spec = request.HasTemperatureKelvin ? spec with { TemperatureKelvin = request.TemperatureKelvin } : spec;
        ThrowIfAny(spec.FindProblems(), unset);
        return new Wire.ComputeGoldmanPotentialResponse
        {
            PotentialMillivolts = GoldmanPotential.Compute(spec) * MillivoltsPerVolt,
            RaisedToFloor = { spec.RaisedConcentrations.Select(ToWire) },
        };
    }

    private static PermeantIon ToIon(Wire.PermeantIon wire, string path, HashSet<string> unset) => new(
        wire.HasValence ? wire.Valence : 1,
        Required($"{path}.permeability", wire.HasPermeability, wire.Permeability, unset),
        Required($"{path}.outside_molar", wire.HasOutsideMolar, wire.OutsideMolar, unset),
        Required($"{path}.inside_molar", wire.HasInsideMolar, wire.InsideMolar, unset));

    private static Wire.RaisedConcentration ToWire(RaisedConcentration raised) => new()
    {
        Ion = raised.Ion,
        Side = raised.Side == MembraneSide.Outside ? Wire.MembraneSide.Outside : Wire.MembraneSide.Inside,
    };

    private static double Required(string field, bool isSet, double value, HashSet<string> unset)
    {
        if (isSet)
        {
            return value;
        }

        unset.Add(field);
        return double.NaN;
    }

    // The wire names of the specs' properties are their names in lower case.
    private static void ThrowIfAny(IReadOnlyList<SpecProblem> found, HashSet<string> unset)
    {
        var problems = new RequestProblems();
        foreach (var (parameter, description) in found)
        {
            var field = string.Join('.', parameter.Split('.').Select(JsonNamingPolicy.SnakeCaseLower.ConvertName));
            problems.Add(field, unset.Contains(field) ? description.Replace("but was NaN", "but was not set", StringComparison.Ordinal) : description);
        }

        problems.ThrowIfAny();
    }
}
