using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Spectra;

namespace Mfn.Server.Pricing;

/// <summary>
/// The price of everything that computes, in one place and known before the work. The weights are part of what users are promised (docs/price.md has
/// them): they are the same on every machine, whatever its speed. How long a cell-step takes on this one is the calibration's business.
/// </summary>
internal static partial class PriceList
{
    /// <summary>The sort of work that any call is.</summary>
    public const string CallSort = "call";

    // Weights, in cell-steps.
    private const int Euler = 1;
    private const int Adi = 4;
    private const int Normal = 6;
    private const int FeatureFrame = 1;
    private const int FeatureVector = 8;
    private const int PatternDescription = 512;
    private const int BoxCount = 1;
    private const int ScalesOfBoxCount = 5;
    private const int StabilityFrame = 4;
    private const int ReceivedCell = 1;
    private const int FrameStatistics = 1;
    private const int OrbitPoint = 10;
    private const int MembranePotential = 1000;
    private const int Explained = 1000;
    private const int ExplainedMode = 8;

    // As runs ask the engine for steps.
    private const int StepsAtOnce = 8;

    // What takes time, but costs nothing: nanoseconds of a call, of a beginning, of a drawn cell.
    private const double Call = 300_000;
    private const double Beginning = 20_000;
    private const double DrawnNumber = 3.5;
    private const double MadeCell = 4;
    private const double SentByte = 1;
    private const double DescribedCell = 75;
    private const double TransformOperation = 0.9;

    // And what a small field takes for its frames, vectors and counts.
    private const double Frame = 10_000;
    private const double SmallWork = 2000;

    private const double MostCellSteps = 1e30;

    // What a cell-step takes on the machine that the list was made on, one thread.
    private const double Nanosecond = 1e-9;

    /// <summary>What a step of one cell costs, whatever the model and the precision.</summary>
    public static int StepWeight(SimulationSpec spec)
    {
        var weight = spec.Pattern is { Integrator: Integrator.Adi } ? Adi : Euler;
        return weight + (Normal * NoisyFieldCount(spec));
    }

    /// <summary>Steps of a simulation. Where it begins is free, so that halves cost what the whole does.</summary>
    /// <param name="spec">The simulation.</param>
    /// <param name="stepCount">How many.</param>
    /// <param name="stepsAtOnce">How many of them are asked for at once, which changes the time but not the price.</param>
    public static Price Steps(SimulationSpec spec, long stepCount, int stepsAtOnce = StepsAtOnce)
    {
        var (kind, seconds) = StepTime.Of(spec, stepsAtOnce, Environment.ProcessorCount);
        return Price.Of(kind, (Int128)spec.CellCount * stepCount * StepWeight(spec), seconds * stepCount);
    }

    /// <summary>The beginning of a simulation and its end, which cost nothing.</summary>
    public static Price Beginnings(SimulationSpec spec)
    {
        var fieldCount = spec.SpeciesSymbols.Length;
        var isDrawn = spec.Pattern is null || spec.Pattern.Initial.Noise > 0;
        var cell = fieldCount * (MadeCell + (isDrawn ? DrawnNumber : 0));
        var source = spec.Pattern is not null ? isDrawn ? "drawn kinetics" : "kinetics" : spec.HasSpecies ? "reference" : "potential";
        var name = $"begin {source} {(spec.Precision == Precision.Binary64 ? "f64" : "f32")}";
        return Price.Of(WorkKind.Of(name, spec.CellCount), 0, (Beginning + (spec.CellCount * cell)) * Nanosecond);
    }

    /// <summary>What every call takes, whatever it computes; it costs nothing.</summary>
    /// <param name="method">Which.</param>
    /// <param name="byteCount">The bytes of its answer that depend on what it is asked for.</param>
    public static Price Calls(string method, long byteCount = 0) => Price.Of(
        byteCount == 0 ? new WorkKind($"{CallSort} {method}", 0) : WorkKind.Of($"{CallSort} {method} fields", byteCount), 0, (Call + (byteCount * SentByte)) * Nanosecond);

    /// <summary>All steps of a spec, and where it begins.</summary>
    public static Price Simulation(SimulationSpec spec, int stepsAtOnce = StepsAtOnce) => Beginnings(spec) + Steps(spec, spec.StepCount, stepsAtOnce);

    /// <summary>A call that runs a simulation, of which nothing but the summary is wanted.</summary>
    public static Price Simulate(SimulationSpec spec, int stepsAtOnce = StepsAtOnce) => Calls("simulate") + Simulation(spec, stepsAtOnce);

    /// <summary>Frames of a history that are followed for its features.</summary>
    /// <param name="rowCount">Rows of a frame.</param>
    /// <param name="columnCount">Columns of a frame.</param>
    /// <param name="count">How many.</param>
    /// <param name="source">Whose they are, which changes the time but not the price: null for a caller's.</param>
    public static Price FeatureFrames(int rowCount, int columnCount, long count, SimulationSpec? source = null) =>
        Of($"feature frame{Source(source)}", (Int128)rowCount * columnCount, FeatureFrame, count);

    /// <summary>Vectors of the features of a history so far.</summary>
    /// <param name="rowCount">Rows of a frame.</param>
    /// <param name="columnCount">Columns of a frame.</param>
    /// <param name="count">How many.</param>
    /// <param name="source">Whose they are, which changes the time but not the price: null for a caller's.</param>
    public static Price FeatureVectors(int rowCount, int columnCount, long count, SimulationSpec? source = null) =>
        Of($"feature vector{Source(source)}", (Int128)rowCount * columnCount, FeatureVector, count, SmallWork);

    /// <summary>The features of a history that a caller sends.</summary>
    public static Price Features(int rowCount, int columnCount, long frameCount, long vectorCount) => (
        ReceivedFields(rowCount, columnCount, frameCount) + FeatureFrames(rowCount, columnCount, frameCount) + FeatureVectors(rowCount, columnCount, vectorCount))
        .AsOne("features", (double)rowCount * columnCount);

    /// <summary>The features of patterns.</summary>
    public static Price PatternFeatures(int rowCount, int columnCount, long count)
    {
        var (cells, work) = ((double)rowCount * columnCount, Of("pattern", (Int128)rowCount * columnCount, PatternDescription, count).Single);
        var nanoseconds = (cells * (DescribedCell + (TransformOperation * FieldTransform.EffortOf(rowCount, columnCount)))) + SmallWork;
        return Price.Of(work.Kind, work.CellSteps, nanoseconds * count * Nanosecond);
    }

    /// <summary>Box-counting dimensions.</summary>
    public static Price BoxCounting(int rowCount, int columnCount, int scaleCount, long count) =>
        Of("boxes", (Int128)rowCount * columnCount, BoxCount * ((scaleCount + ScalesOfBoxCount - 1) / ScalesOfBoxCount), count, SmallWork);

    /// <summary>The box-counting dimension of a field that a caller sends.</summary>
    public static Price Dimension(int rowCount, int columnCount, int scaleCount) =>
        (ReceivedFields(rowCount, columnCount, 1) + BoxCounting(rowCount, columnCount, scaleCount, 1)).AsOne("dimension", (double)rowCount * columnCount);

    /// <summary>The stability metrics of a history that a caller sends.</summary>
    public static Price HistoryStability(int rowCount, int columnCount, long frameCount) =>
        (ReceivedFields(rowCount, columnCount, frameCount) + Of("stability", (Int128)rowCount * columnCount, StabilityFrame, frameCount))
        .AsOne("stability", (double)rowCount * columnCount);

    /// <summary>Frames that somebody is sent: a cell costs as much as the bytes that it takes, in all species together, and one for the statistics.</summary>
    public static Price Frames(int rowCount, int columnCount, int bytesPerCell, long frameCount) =>
        Of("frame", (Int128)rowCount * columnCount, FrameStatistics + bytesPerCell, frameCount, Frame);

    /// <summary>The orbit of an iterated function system.</summary>
    public static Price IteratedFunctionSystem(long pointCount) => Of("orbit", pointCount, OrbitPoint, 1);

    /// <summary>A potential of a membrane.</summary>
    public static Price Membrane() => Of("membrane", 1, MembranePotential, 1);

    /// <summary>What a simulation will do: its box may have as many modes as cells.</summary>
    public static Price Explanation(SimulationSpec spec) =>
        spec.Pattern is null ? Of("explain", 1, Explained, 1) : (Of("explain", 1, Explained, 1) + Of("explain", spec.CellCount, ExplainedMode, 1)).AsOne("explain", spec.CellCount);

    /// <summary>Copies of states: forks, exports, imports. What has to be recomputed before costs its steps besides.</summary>
    public static Price States(SimulationSpec spec, long count) =>
        Of("state", spec.CellCount, spec.SpeciesSymbols.Length * sizeof(double), count);

    /// <summary>How many fields get noise in every step.</summary>
    internal static int NoisyFieldCount(SimulationSpec spec) => spec.Pattern is { } pattern
        ? pattern.AdditiveNoise.Count(strength => strength != 0) + pattern.MultiplicativeNoise.Count(strength => strength != 0)
        : spec.IsJitterEnabled ? 1 : 0;

    // Potentials are made of concentrations, and doubles of singles, for each frame.
    private static string Source(SimulationSpec? spec) =>
        spec is null ? "" : $" {(spec.Pattern is null ? "reference" : "kinetics")} {(spec.Precision == Precision.Binary64 ? "f64" : "f32")}";

    private static Price ReceivedFields(int rowCount, int columnCount, long fieldCount) => Of("received", (Int128)rowCount * columnCount, ReceivedCell, fieldCount);

    /// <summary>Something that is done so many times.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="size">What it works on: cells, components or points.</param>
    /// <param name="weight">What one of these costs.</param>
    /// <param name="count">How many times.</param>
    /// <param name="nanoseconds">What it takes once besides, whatever the size.</param>
    private static Price Of(string name, Int128 size, Int128 weight, long count, double nanoseconds = 0)
    {
        // Beyond any price, and before it is beyond the type.
        var cellSteps = (double)size * (double)weight * count > MostCellSteps ? (Int128)MostCellSteps : size * weight * count;
        return Price.Of(WorkKind.Of(name, (double)size), cellSteps, ((double)cellSteps + (nanoseconds * count)) * Nanosecond);
    }
}
