using System.Runtime.InteropServices;
using System.Text.Json;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;

namespace Mfn.Server.Web.Reference;

/// <summary>One of the reference's two streams, made of the frames of a simulation that goes on from step to step.</summary>
internal abstract class ReferenceStream
{
    private static readonly string[] Modes = ["drop_oldest", "drop_newest", "compress"];

    /// <summary>What is simulated.</summary>
    public abstract StreamSimulationRequest Request { get; }

    /// <summary>The time between two messages; none if they go out as they are computed.</summary>
    public virtual TimeSpan Interval => TimeSpan.Zero;

    /// <summary>What happens when the client reads too slowly.</summary>
    public BackPressure Mode { get; private set; }

    /// <summary>What a stream that has computed all its steps says; null if it has said all.</summary>
    public virtual string? EndProblem => null;

    /// <summary>The type of the message that a message of the simulation becomes; null if it becomes none.</summary>
    public abstract string? TypeOf(StreamSimulationResponse message);

    /// <summary>Writes what the message brings, but for the stream's id and the time.</summary>
    public abstract void Write(Utf8JsonWriter writer, StreamSimulationResponse message);

    /// <summary>Reads the parameters of a stream.</summary>
    /// <param name="path">Of the socket, which decides what is streamed.</param>
    /// <param name="parameters">What the client says.</param>
    /// <param name="mostSteps">The most steps of a simulation.</param>
    /// <param name="longestInterval">The longest time between two messages.</param>
    /// <exception cref="CallRefusedException">They are wrong, with all that is.</exception>
    public static ReferenceStream Read(string path, JsonElement parameters, int mostSteps, TimeSpan longestInterval)
    {
        var problems = new BodyProblems();
        var mode = BackPressure.DropOldest;
        if (parameters.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined or JsonValueKind.Null))
        {
            throw CallRefusedException.InvalidArgument("params", "must be an object");
        }

        var json = parameters.ValueKind == JsonValueKind.Object ? System.Text.Encoding.UTF8.GetBytes(parameters.GetRawText()) : "{}"u8.ToArray();
        if (parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("backpressure", out var given))
        {
            mode = given.ValueKind == JsonValueKind.String && Array.IndexOf(Modes, given.GetString()) is var index and >= 0
                ? (BackPressure)index
                : throw CallRefusedException.InvalidArgument("params.backpressure", $"must be one of {string.Join(", ", Modes)}");
        }

        ReferenceStream stream;
        try
        {
            stream = path == LiveStream.Path ? LiveStream.Read(json, problems) : FeatureStream.Read(json, parameters, mostSteps, longestInterval, problems);
        }
        catch (PythonJsonException fault)
        {
            throw CallRefusedException.Unreadable(fault.Message);
        }

        stream.Mode = mode;
        return problems.IsEmpty ? stream : throw problems.ToException();
    }

    /// <summary>Writes the statistics of a potential in millivolts.</summary>
    protected static void WritePotential(Utf8JsonWriter writer, PotentialStatistics potential)
    {
        PythonNumber.Write(writer, "pot_mean_mV"u8, potential.MeanPotentialMillivolts);
        PythonNumber.Write(writer, "pot_std_mV"u8, potential.PotentialStandardDeviationMillivolts);
        PythonNumber.Write(writer, "pot_min_mV"u8, potential.MinPotentialMillivolts);
        PythonNumber.Write(writer, "pot_max_mV"u8, potential.MaxPotentialMillivolts);
    }

    /// <summary>Measures a field of binary64.</summary>
    protected static FieldMeasures MeasuresOf(Field field) => new(MemoryMarshal.Cast<byte, double>(field.Values.Span), field.Rows, field.Columns);
}
