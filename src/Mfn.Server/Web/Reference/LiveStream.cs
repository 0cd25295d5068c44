using System.Text.Json;
using Mfn.Contracts.V1;

namespace Mfn.Server.Web.Reference;

/// <summary><c>/ws/simulation_live</c>: the states of one simulation, and what came of it.</summary>
internal sealed class LiveStream : ReferenceStream
{
    /// <summary>Of its socket.</summary>
    public const string Path = "/ws/simulation_live";

    private const string UpdateInterval = "update_interval_steps";
    private const string FullState = "include_full_state";

    private static readonly string[] Members = [.. SimulateEndpoint.SpecMembers, UpdateInterval, FullState];

    private bool _hasFullState;
    private long _growthEventCount;
    private double _dimension;

    private LiveStream(StreamSimulationRequest request) => Request = request;

    public override StreamSimulationRequest Request { get; }

    /// <summary>Reads its parameters.</summary>
    public static LiveStream Read(ReadOnlySpan<byte> json, BodyProblems problems)
    {
        var body = new ReferenceBody(Members, problems);
        body.Read(json);
        return new LiveStream(new StreamSimulationRequest
        {
            FieldEncoding = FieldEncoding.Float64,
            EveryNSteps = (int)body.Integer(UpdateInterval, 1, 1, 100),
            Spec = SimulateEndpoint.ReadSpec(body),
        })
        {
            _hasFullState = body.Flag(FullState, false),
        };
    }

    public override string? TypeOf(StreamSimulationResponse message) => message.KindCase switch
    {
        StreamSimulationResponse.KindOneofCase.Frame => "simulation_state",
        StreamSimulationResponse.KindOneofCase.Summary => "simulation_complete",
        _ => null,
    };

    public override void Write(Utf8JsonWriter writer, StreamSimulationResponse message)
    {
        if (message.Summary is { } summary)
        {
            writer.WriteStartObject("final_metrics"u8);
            writer.WriteNumber("growth_events"u8, summary.GrowthEventCount);
            WritePotential(writer, summary.Statistics);
            PythonNumber.Write(writer, "fractal_dimension"u8, _dimension);
            writer.WriteEndObject();
            return;
        }

        var frame = message.Frame;
        var measures = MeasuresOf(frame.Field);
        _growthEventCount += frame.GrowthEvents.Count;
        if (frame.Step == Request.Spec.Steps)
        {
            _dimension = measures.Dimension;
        }

        writer.WriteNumber("step"u8, frame.Step);
        writer.WriteNumber("total_steps"u8, Request.Spec.Steps);
        writer.WriteStartObject("state"u8);
        WritePotential(writer, frame.Statistics);
        writer.WriteNumber("active_nodes"u8, measures.ActiveCount);
        if (_hasFullState)
        {
            writer.WriteStartArray("field_shape"u8);
            writer.WriteNumberValue(frame.Field.Rows);
            writer.WriteNumberValue(frame.Field.Columns);
            writer.WriteEndArray();
            PythonNumber.Write(writer, "field_mean"u8, measures.Mean);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("metrics"u8);
        writer.WriteNumber("growth_events"u8, _growthEventCount);
        writer.WriteEndObject();
    }
}
