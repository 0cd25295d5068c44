using System.Text.Json;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web.Reference;

/// <summary><c>POST /simulate</c>, with some members that the reference does not have.</summary>
internal sealed class SimulateEndpoint() : ReferenceEndpoint("/simulate", SimulationServiceReflection.Descriptor.Services[0].FindMethodByName("Simulate"))
{
    private const string Seed = "seed";
    private const string GridSize = "grid_size";
    private const string Steps = "steps";
    private const string Alpha = "alpha";
    private const string SpikeProbability = "spike_probability";
    private const string TuringEnabled = "turing_enabled";
    private const string TuringThreshold = "turing_threshold";
    private const string QuantumJitter = "quantum_jitter";
    private const string JitterVariance = "jitter_var";
    private const string Strict = "strict";

    /// <summary>The members that <see cref="ReadSpec"/> reads.</summary>
    public static IReadOnlyList<string> SpecMembers { get; } = [Seed, GridSize, Steps, Alpha, SpikeProbability, TuringEnabled];

    private static readonly string[] Members = [.. SpecMembers, TuringThreshold, QuantumJitter, JitterVariance, Strict];

    public override IMessage Read(ReadOnlySpan<byte> json, int limit, BodyProblems problems)
    {
        var body = new ReferenceBody(Members, problems);
        body.Read(json);
        if (!body.IsObject)
        {
            return new SimulateRequest();
        }

        var spec = ReadSpec(body);
        spec.TuringThreshold = body.Number(TuringThreshold, 0.75, 0, 1);
        spec.JitterEnabled = body.Flag(QuantumJitter, false);
        spec.JitterVarianceVoltsSquared = body.Number(JitterVariance, 0.0005, 0, 0.01);
        spec.AllowUnstable = !body.Flag(Strict, false);
        return new SimulateRequest { FractalDimension = true, Spec = spec };
    }

    /// <summary>Reads what the reference asks for wherever it simulates. It computes with an alpha above 0.25 too, where clamping alone bounds the field.</summary>
    public static SimulationSpec ReadSpec(ReferenceBody body) => new()
    {
        Seed = body.Integer(Seed, 42, 0, long.MaxValue),
        GridSize = (int)body.Integer(GridSize, 64, 8, 256),
        Steps = (int)body.Integer(Steps, 64, 1, 1000),
        Alpha = body.Number(Alpha, 0.18, 0, 1),
        SpikeProbability = body.Number(SpikeProbability, 0.25, 0, 1),
        TuringEnabled = body.Flag(TuringEnabled, true),
        AllowUnstable = true,
    };

    public override void Write(Utf8JsonWriter writer, IMessage request, IMessage answer)
    {
        var summary = ((SimulateResponse)answer).Summary;
        writer.WriteNumber("growth_events"u8, summary.GrowthEventCount);
        PythonNumber.Write(writer, "pot_min_mV"u8, summary.Statistics.MinPotentialMillivolts);
        PythonNumber.Write(writer, "pot_max_mV"u8, summary.Statistics.MaxPotentialMillivolts);
        PythonNumber.Write(writer, "pot_mean_mV"u8, summary.Statistics.MeanPotentialMillivolts);
        PythonNumber.Write(writer, "pot_std_mV"u8, summary.Statistics.PotentialStandardDeviationMillivolts);
        PythonNumber.Write(writer, "fractal_dimension"u8, summary.FractalDimension.Dimension);
    }

    public override string MemberOf(string field) => field switch
    {
        "spec.jitter_enabled" => QuantumJitter,
        "spec.jitter_variance_volts_squared" => JitterVariance,
        _ => base.MemberOf(field),
    };
}
