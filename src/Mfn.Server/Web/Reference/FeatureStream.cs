using System.Globalization;
using System.Text.Json;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web.Reference;

/// <summary><c>/ws/stream_features</c>: features of a simulation that takes a step at each interval, with all defaults of the reference.</summary>
internal sealed class FeatureStream : ReferenceStream
{
    /// <summary>Of its socket.</summary>
    public const string Path = "/ws/stream_features";

    private const string UpdateInterval = "update_interval_ms";
    private const string Compression = "compression";
    private const string Features = "features";

    private static readonly string[] Members = [UpdateInterval, Compression];

    private static readonly string[] Names =
    [
        "pot_mean_mV", "pot_std_mV", "pot_min_mV", "pot_max_mV", "active_nodes", "activity_ratio", "fractal_dimension", "total_energy", "spatial_variance",
    ];

    private readonly TimeSpan _interval;
    private readonly IReadOnlyList<string> _names;
    private long _sequence;

    private FeatureStream(int stepCount, TimeSpan interval, IReadOnlyList<string> names)
    {
        _interval = interval;
        _names = names;
        Request = new StreamSimulationRequest
        {
            FieldEncoding = FieldEncoding.Float64,
            Spec = new SimulationSpec { Seed = 42, GridSize = 64, Steps = stepCount, Alpha = 0.18, SpikeProbability = 0.25, TuringEnabled = true },
        };
    }

    public override StreamSimulationRequest Request { get; }

    public override TimeSpan Interval => _interval;

    public override string? EndProblem =>
        string.Create(CultureInfo.InvariantCulture, $"The simulation has taken the {Request.Spec.Steps} steps that the server allows (Limits:MaxSteps). Subscribe again to begin another.");

    /// <summary>Reads its parameters.</summary>
    public static FeatureStream Read(ReadOnlySpan<byte> json, JsonElement parameters, int mostSteps, TimeSpan longestInterval, BodyProblems problems)
    {
        var body = new ReferenceBody(Members, problems);
        body.Read(json);
        var interval = body.Integer(UpdateInterval, 100, 10, (long)Math.Min(10_000, longestInterval.TotalMilliseconds));

        // It has no effect, and has none in the reference.
        body.Flag(Compression, false);
        return new FeatureStream(mostSteps, TimeSpan.FromMilliseconds(interval), ReadNames(parameters, problems));
    }

    public override string? TypeOf(StreamSimulationResponse message) => message.Frame is null ? null : "feature_update";

    public override void Write(Utf8JsonWriter writer, StreamSimulationResponse message)
    {
        var potential = message.Frame.Statistics;
        var measures = MeasuresOf(message.Frame.Field);
        writer.WriteNumber("sequence"u8, _sequence++);
        writer.WriteStartObject("features"u8);
        foreach (var name in _names)
        {
            writer.WritePropertyName(name);
            switch (name)
            {
                case "pot_mean_mV":
                    PythonNumber.Write(writer, potential.MeanPotentialMillivolts);
                    break;
                case "pot_std_mV":
                    PythonNumber.Write(writer, potential.PotentialStandardDeviationMillivolts);
                    break;
                case "pot_min_mV":
                    PythonNumber.Write(writer, potential.MinPotentialMillivolts);
                    break;
                case "pot_max_mV":
                    PythonNumber.Write(writer, potential.MaxPotentialMillivolts);
                    break;
                case "active_nodes":
                    writer.WriteNumberValue(measures.ActiveCount);
                    break;
                case "activity_ratio":
                    PythonNumber.Write(writer, (double)measures.ActiveCount / measures.CellCount);
                    break;
                case "fractal_dimension":
                    PythonNumber.Write(writer, measures.Dimension);
                    break;
                case "total_energy":
                    PythonNumber.Write(writer, measures.Energy);
                    break;
                default:
                    PythonNumber.Write(writer, measures.MeanSquaredGradient);
                    break;
            }
        }

        writer.WriteEndObject();
    }

    private static string[] ReadNames(JsonElement parameters, BodyProblems problems)
    {
        if (parameters.ValueKind != JsonValueKind.Object || !parameters.TryGetProperty(Features, out var given) || given.ValueKind == JsonValueKind.Null)
        {
            return Names;
        }

        string?[] names = given.ValueKind == JsonValueKind.Array ? [.. given.EnumerateArray().Select(name => name.ValueKind == JsonValueKind.String ? name.GetString() : null)] : [null];
        if (!names.All(Names.Contains))
        {
            problems.Add(BodyProblemKind.Refused, $"must be a list of {string.Join(", ", Names)}", Features);
            return Names;
        }

        return [.. names.Distinct().Select(name => name!)];
    }
}
