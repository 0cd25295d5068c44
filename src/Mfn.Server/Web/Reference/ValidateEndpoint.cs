using System.Text.Json;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web.Reference;

/// <summary><c>POST /validate</c>.</summary>
internal sealed class ValidateEndpoint() : ReferenceEndpoint("/validate", ValidationServiceReflection.Descriptor.Services[0].FindMethodByName("Validate"))
{
    private const string Seed = "seed";
    private const string Epochs = "epochs";
    private const string BatchSize = "batch_size";
    private const string GridSize = "grid_size";
    private const string Steps = "steps";
    private const string TuringEnabled = "turing_enabled";
    private const string QuantumJitter = "quantum_jitter";

    private static readonly string[] Members = [Seed, Epochs, BatchSize, GridSize, Steps, TuringEnabled, QuantumJitter];

    public override IMessage Read(ReadOnlySpan<byte> json, int limit, BodyProblems problems)
    {
        var body = new ReferenceBody(Members, problems);
        body.Read(json);
        return !body.IsObject ? new ValidateRequest() : new ValidateRequest
        {
            Seed = body.Integer(Seed, 42, 0, long.MaxValue),
            Epochs = (int)body.Integer(Epochs, 1, 1, 100),
            BatchSize = (int)body.Integer(BatchSize, 4, 1, 64),
            GridSize = (int)body.Integer(GridSize, 64, 8, 256),
            Steps = (int)body.Integer(Steps, 64, 1, 1000),
            TuringEnabled = body.Flag(TuringEnabled, true),
            JitterEnabled = body.Flag(QuantumJitter, false),
        };
    }

    public override void Write(Utf8JsonWriter writer, IMessage request, IMessage answer)
    {
        var report = (ValidateResponse)answer;
        PythonNumber.Write(writer, "loss_start"u8, report.StartLoss);
        PythonNumber.Write(writer, "loss_final"u8, report.FinalLoss);
        PythonNumber.Write(writer, "loss_drop"u8, report.LossDrop);
        PythonNumber.Write(writer, "pot_min_mV"u8, report.MinPotentialMillivolts);
        PythonNumber.Write(writer, "pot_max_mV"u8, report.MaxPotentialMillivolts);
        PythonNumber.Write(writer, "example_fractal_dim"u8, report.ExampleFractalDimension);
        PythonNumber.Write(writer, "lyapunov_exponent"u8, report.LyapunovExponent);
        PythonNumber.Write(writer, "growth_events"u8, report.GrowthEventCount);
        PythonNumber.Write(writer, "nernst_symbolic_mV"u8, report.SymbolicNernstPotentialMillivolts);
        PythonNumber.Write(writer, "nernst_numeric_mV"u8, report.NernstPotentialMillivolts);
    }

    public override string MemberOf(string field) => field == "jitter_enabled" ? QuantumJitter : base.MemberOf(field);
}
