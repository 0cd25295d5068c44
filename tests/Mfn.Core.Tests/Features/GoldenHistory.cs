using System.Text.Json;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Features;

/// <summary>The frames of a reference case, stored or simulated again: in volts, frame after frame, row after row.</summary>
internal sealed record GoldenHistory(double[] Cells, int RowCount, int ColumnCount)
{
    public int CellCount => RowCount * ColumnCount;

    /// <summary>A stored array of shape (rows, columns) or (frames, rows, columns).</summary>
    public static GoldenHistory Stored(JsonElement reference)
    {
        var shape = reference.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32()).ToArray();
        return new GoldenHistory(GoldenFile.Array(reference), shape[^2], shape[^1]);
    }

    /// <summary>All frames but the initial one of a run of the reference's engine.</summary>
    public static GoldenHistory OfEngine(JsonElement inputs)
    {
        var spec = Spec(SimulationVariant.Engine, inputs);
        var engine = new SimulationEngine(spec);
        var cells = new List<double>();
        for (var step = 0; step < spec.StepCount; step++)
        {
            engine.TakeStep();
            cells.AddRange(engine.Potential);
        }

        return new GoldenHistory([.. cells], spec.GridSize, spec.GridSize);
    }

    /// <summary>The last frame of a run of the reference's function.</summary>
    public static GoldenHistory OfModel(JsonElement inputs)
    {
        var spec = Spec(SimulationVariant.Model, inputs);
        var engine = new SimulationEngine(spec);
        engine.Advance(spec.StepCount);
        return new GoldenHistory(engine.Potential.ToArray(), spec.GridSize, spec.GridSize);
    }

    private static SimulationSpec Spec(SimulationVariant variant, JsonElement inputs)
    {
        var spec = new SimulationSpec { Variant = variant };
        foreach (var input in inputs.EnumerateObject())
        {
            spec = input.Name switch
            {
                "seed" => spec with { Seed = input.Value.GetUInt64() },
                "steps" => spec with { StepCount = input.Value.GetInt32() },
                "grid_size" => spec with { GridSize = input.Value.GetInt32() },
                "turing_enabled" => spec with { IsTuringEnabled = input.Value.GetBoolean() },
                "turing_threshold" => spec with { TuringThreshold = input.Value.GetDouble() },
                "quantum_jitter" => spec with { IsJitterEnabled = input.Value.GetBoolean() },
                "jitter_var" => spec with { JitterVariance = input.Value.GetDouble() },
                "boundary_condition" => spec with { Boundary = Enum.Parse<Boundary>(input.Value.GetString()!, ignoreCase: true) },
                "alpha" => spec with { Alpha = input.Value.GetDouble() },
                "spike_probability" => spec with { SpikeProbability = input.Value.GetDouble() },
                "d_activator" => spec with { ActivatorDiffusion = input.Value.GetDouble() },
                "d_inhibitor" => spec with { InhibitorDiffusion = input.Value.GetDouble() },
                "r_activator" => spec with { ActivatorRate = input.Value.GetDouble() },
                "r_inhibitor" => spec with { InhibitorRate = input.Value.GetDouble() },
                _ => throw new ArgumentException($"Unknown input {input.Name}.", nameof(inputs)),
            };
        }

        return spec;
    }
}
