using System.Text.Json;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web.Reference;

/// <summary><c>POST /nernst</c>.</summary>
internal sealed class NernstEndpoint() : ReferenceEndpoint("/nernst", MembraneServiceReflection.Descriptor.Services[0].FindMethodByName("ComputeNernstPotential"))
{
    private const string Valence = "z_valence";
    private const string Outside = "concentration_out_molar";
    private const string Inside = "concentration_in_molar";
    private const string Temperature = "temperature_k";

    // In mol/L: what the reference raises lower ones to, and the most that the method takes.
    private const double Floor = 1e-6;
    private const double MostMolar = 1000;

    private static readonly string[] Members = [Valence, Outside, Inside, Temperature];

    public override IMessage Read(ReadOnlySpan<byte> json, int limit, BodyProblems problems)
    {
        var body = new ReferenceBody(Members, problems);
        body.Read(json);
        var request = new ComputeNernstPotentialRequest();
        if (body.IsObject)
        {
            request.Valence = (int)body.Integer(Valence, 1, 1, 3);
            request.OutsideMolar = body.Positive(Outside);
            request.InsideMolar = body.Positive(Inside);
            request.TemperatureKelvin = body.Number(Temperature, 310, 273, 373);
            request.ReferenceFloor = true;
        }

        if (problems.IsEmpty)
        {
            RequireFinite(Outside, request.OutsideMolar);
            RequireFinite(Inside, request.InsideMolar);
            Scale(request);
        }

        return request;
    }

    public override void Write(Utf8JsonWriter writer, IMessage request, IMessage answer) =>
        PythonNumber.Write(writer, "potential_mV"u8, ((ComputeNernstPotentialResponse)answer).PotentialMillivolts);

    public override string MemberOf(string field) => field switch
    {
        "valence" => Valence,
        "outside_molar" => Outside,
        "inside_molar" => Inside,
        "temperature_kelvin" => Temperature,
        _ => base.MemberOf(field),
    };

    private static void RequireFinite(string member, double molar)
    {
        if (!double.IsFinite(molar))
        {
            throw ReferenceFaultException.Failed($"{member} is infinite, and so would the potential be");
        }
    }

    // The reference has no greatest concentration. All that counts is the ratio, which a common power of two does not change.
    private static void Scale(ComputeNernstPotentialRequest request)
    {
        const int LargestExponent = 8;
        var most = Math.Max(request.OutsideMolar, request.InsideMolar);
        if (most <= MostMolar)
        {
            return;
        }

        var scale = LargestExponent - Math.ILogB(most);
        request.OutsideMolar = Math.ScaleB(Math.Max(request.OutsideMolar, Floor), scale);
        request.InsideMolar = Math.ScaleB(Math.Max(request.InsideMolar, Floor), scale);
        request.ReferenceFloor = false;
    }
}
