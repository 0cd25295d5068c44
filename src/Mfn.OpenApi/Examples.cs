using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.OpenApi;

/// <summary>Requests that work as they are: a test sends each of them.</summary>
internal static class Examples
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    private static readonly Dictionary<string, (string Name, string Summary, IMessage Body)[]> Bodies = new()
    {
        ["Aggregate"] =
        [
            ("krum", "Krum among five updates, one of which may be arbitrary", new AggregateRequest
            {
                Spec = new AggregationSpec { Length = 2, ByzantineCount = 1, Rule = new AggregationRule { Krum = new KrumRule() } },
                Updates = { Update("a", 1, 2), Update("b", 1.1f, 2), Update("c", 0.9f, 2.1f), Update("d", 1, 1.9f), Update("e", 100, -100) },
            }),
            ("mean", "The mean of two updates", new AggregateRequest
            {
                Spec = new AggregationSpec { Length = 2, ByzantineCount = 0, Rule = new AggregationRule { Mean = new MeanRule() } },
                Updates = { Update("a", 1, 2), Update("b", 3, 4) },
            }),
        ],
        ["ExtractFeatures"] = [("history", "The features of two frames", new ExtractFeaturesRequest { Frames = { Frame(-70), Frame(-40) } })],
        ["ComputeBoxCountingDimension"] = [("field", "The dimension of a field", new ComputeBoxCountingDimensionRequest { Field = Frame(-70), ThresholdMillivolts = -60 })],
        ["ComputeHistoryStability"] = [("history", "How much a history of two frames moves", new ComputeHistoryStabilityRequest { Frames = { Frame(-70), Frame(-69) }, TimeStep = 1 })],
        ["GenerateIteratedFunctionSystem"] = [("system", "Four maps", new GenerateIteratedFunctionSystemRequest { Seed = 42, PointCount = 1000, MapCount = 4 })],
        ["ComputeNernstPotential"] = [("potassium", "Potassium at 37 degrees Celsius", new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 })],
        ["ComputeGoldmanPotential"] =
        [
            ("potassium_and_sodium", "Potassium and sodium", new ComputeGoldmanPotentialRequest
            {
                Ions =
                {
                    new PermeantIon { Valence = 1, Permeability = 1, OutsideMolar = 0.005, InsideMolar = 0.14 },
                    new PermeantIon { Valence = 1, Permeability = 0.05, OutsideMolar = 0.145, InsideMolar = 0.012 },
                },
            }),
        ],
        ["CreateRun"] =
        [
            ("membrane", "A membrane potential, a hundred steps a second", new CreateRunRequest { Spec = Membrane, StepsPerSecond = 100 }),
            ("paused", "Spots, paused until they are steered", new CreateRunRequest { Spec = Spots(), Paused = true, HistorySteps = 100 }),
        ],
        ["CheckRun"] = [("check", "Nothing but the run is asked for", new CheckRunRequest())],
        ["ForkRun"] = [("spikes", "From the beginning, with more growth events, paused", new ForkRunRequest { Step = 0, Changes = new ChangeParameters { SpikeProbability = 0.5 }, Paused = true })],
        ["SteerRun"] = [("steps", "Five steps", new SteerRunRequest { Command = new RunCommand { CommandId = "steps-1", TakeSteps = new TakeSteps { Steps = 5 } } })],
        ["EstimateCost"] = [("simulation", "A simulation", new EstimateCostRequest { Spec = Spots() })],
        ["Explain"] = [("spots", "What becomes of spots", new ExplainRequest { Spec = Spots() })],
        ["Simulate"] =
        [
            ("membrane", "A membrane potential, with its last field and its features", new SimulateRequest { Spec = Membrane, FieldEncoding = FieldEncoding.Float32, Features = new FeatureOptions() }),
            ("spots", "Spots of Gray and Scott", new SimulateRequest { Spec = Spots(), FieldEncoding = FieldEncoding.Float32 }),
        ],
        ["StreamSimulation"] = [("frames", "Every tenth frame", new StreamSimulationRequest { Spec = Membrane, EveryNSteps = 10, FieldEncoding = FieldEncoding.Float32 })],
        ["Validate"] = [("small", "Small fields", new ValidateRequest { Seed = 42, GridSize = 16, Steps = 8 })],
    };

    private static readonly Dictionary<string, JsonObject> Queries = new()
    {
        ["ListRuns"] = new() { ["page_size"] = 10, ["state"] = "RUN_STATE_RUNNING" },
        ["WatchRun"] = new() { ["from_step"] = "0", ["every_n_steps"] = 5, ["field_encoding"] = "FIELD_ENCODING_FLOAT32", ["statistics"] = true, ["delivery"] = "DELIVERY_LATEST" },
        ["ExportRun"] = new() { ["step"] = "0" },
        ["AggregateStream"] = new() { ["spec.byzantine_count"] = 0, ["spec.rule.median"] = "" },
        ["StreamFeatures"] = new() { ["start.every_n_frames"] = 1, ["start.options.definition_version"] = "5.0" },
        ["ComputeBoxCountingDimensionStream"] = new() { ["start.threshold_millivolts"] = -60.0 },
        ["ComputeHistoryStabilityStream"] = new() { ["start.time_step"] = 0.5 },
        ["CreateRunStream"] = new() { ["start.spec.grid_size"] = 8, ["start.paused"] = true },
        ["ImportRun"] = new() { ["start.paused"] = true },
    };

    private static SimulationSpec Membrane => new() { GridSize = 16, Steps = 20, Seed = 42 };

    /// <summary>Bodies for a method, each with a name and a summary.</summary>
    public static IEnumerable<(string Name, string Summary, JsonNode Body)> BodiesOf(string method) =>
        Bodies[method].Select(example => (example.Name, example.Summary, JsonNode.Parse(Formatter.Format(example.Body))!));

    /// <summary>Parameters for a method, which go together.</summary>
    public static IReadOnlyDictionary<string, JsonNode> QueryOf(string method) =>
        Queries.TryGetValue(method, out var query) ? query.ToDictionary(pair => pair.Key, pair => pair.Value!) : [];

    private static SimulationSpec Spots() => new() { GrayScott = new GrayScott(), Domain = new Domain { Rows = 32, Columns = 32 }, Steps = 100 };

    // A field of one potential, apart from a cell.
    private static Field Frame(double millivolts)
    {
        var cells = Enumerable.Repeat(millivolts / 1000, 64).ToArray();
        cells[0] = -0.03;
        return new Field { Rows = 8, Columns = 8, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(MemoryMarshal.AsBytes<double>(cells)) };
    }

    private static ClientUpdate Update(string client, params float[] values) => new() { ClientId = client, Values = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)) };
}
