using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;

namespace Mfn.Server.Pricing;

/// <summary>
/// The price of everything that computes, in one place and known before the work. The weights are part of what users are promised (docs/price.md has
/// them): they are the same on every machine, whatever its speed. How long a cell-step takes on this one is the calibration's business.
/// </summary>
internal static partial class PriceList
{
    // Weights, in cell-steps.
    private const int Euler = 1;
    private const int Adi = 4;
    private const int Normal = 6;
    private const int FeatureFrame = 1;
    private const int FeatureExtraction = 16;
    private const int PatternDescription = 64;
    private const int BoxCount = 1;
    private const int ScalesOfBoxCount = 5;
    private const int StabilityFrame = 2;
    private const int ReceivedCell = 1;
    private const int FrameStatistics = 1;
    private const int OrbitPoint = 10;
    private const int MembranePotential = 1000;
    private const int ExplainedMode = 8;

    private const double MostCellSteps = 1e30;

    // What a cell-step takes on the machine that the list was made on, one thread.
    private const double Second = 1.2e-9;

    /// <summary>What a step of one cell costs, whatever the model and the precision.</summary>
    public static int StepWeight(SimulationSpec spec)
    {
        var weight = spec.Pattern is { Integrator: Integrator.Adi } ? Adi : Euler;
        return weight + (Normal * NoisyFieldCount(spec));
    }

    /// <summary>Steps of a simulation. Where it begins is free, so that halves cost what the whole does.</summary>
    public static Price Steps(SimulationSpec spec, long stepCount)
    {
        var cellSteps = (Int128)spec.CellCount * stepCount * StepWeight(spec);
        return Price.Of(WorkKind.Of(StepName(spec), spec.CellCount), cellSteps, Seconds(cellSteps));
    }

    /// <summary>All steps of a spec.</summary>
    public static Price Simulation(SimulationSpec spec) => Steps(spec, spec.StepCount);

    /// <summary>The features of histories: frames that are followed, and vectors that are computed of those so far.</summary>
    public static Price Features(int rowCount, int columnCount, long frameCount, long vectorCount)
    {
        var cellCount = (Int128)rowCount * columnCount;
        return Of("feature frame", cellCount, frameCount * FeatureFrame) + Of("feature vector", cellCount, vectorCount * FeatureExtraction);
    }

    /// <summary>The features of patterns.</summary>
    public static Price PatternFeatures(int rowCount, int columnCount, long count) => Of("pattern features", (Int128)rowCount * columnCount, count * PatternDescription);

    /// <summary>Box-counting dimensions.</summary>
    public static Price BoxCounting(int rowCount, int columnCount, int scaleCount, long count) =>
        Of("box count", (Int128)rowCount * columnCount, (Int128)count * BoxCount * ((scaleCount + ScalesOfBoxCount - 1) / ScalesOfBoxCount));

    /// <summary>The stability metrics of a history.</summary>
    public static Price HistoryStability(int rowCount, int columnCount, long frameCount) => Of("stability frame", (Int128)rowCount * columnCount, frameCount * StabilityFrame);

    /// <summary>Fields that come with a request: they are widened and looked through.</summary>
    public static Price ReceivedFields(int rowCount, int columnCount, long fieldCount) => Of("received field", (Int128)rowCount * columnCount, fieldCount * ReceivedCell);

    /// <summary>Frames that somebody is sent: a cell costs as much as the bytes that it takes, in all species together, and one for the statistics.</summary>
    public static Price Frames(int rowCount, int columnCount, int bytesPerCell, long frameCount) =>
        Of("frame", (Int128)rowCount * columnCount, frameCount * ((Int128)FrameStatistics + bytesPerCell));

    /// <summary>The orbit of an iterated function system.</summary>
    public static Price IteratedFunctionSystem(long pointCount) => Of("orbit", pointCount, OrbitPoint);

    /// <summary>A potential of a membrane.</summary>
    public static Price Membrane() => Of("membrane", 1, MembranePotential);

    /// <summary>What a simulation will do: its box may have as many modes as cells.</summary>
    public static Price Explanation(SimulationSpec spec) =>
        Of("explain", 1, MembranePotential) + (spec.Pattern is null ? Price.Free : Of("explain", spec.CellCount, ExplainedMode));

    /// <summary>Copies of states: forks, exports, imports. What has to be recomputed before costs its steps besides.</summary>
    public static Price States(SimulationSpec spec, long count) =>
        Of("state", (Int128)spec.CellCount, (Int128)count * spec.SpeciesSymbols.Length * sizeof(double));

    private static Price Of(string name, Int128 count, Int128 weight)
    {
        // Beyond any price, and before it is beyond the type.
        var cellSteps = (double)count * (double)weight > MostCellSteps ? (Int128)MostCellSteps : count * weight;
        return Price.Of(WorkKind.Of(name, (double)count), cellSteps, Seconds(cellSteps));
    }

    private static double Seconds(Int128 cellSteps) => (double)cellSteps * Second;

    private static string StepName(SimulationSpec spec)
    {
        var model = spec.Pattern is { } pattern ? pattern.Kinetics.Model.Name : spec.HasSpecies ? "reference" : "potential";
        var integrator = spec.Pattern is { Integrator: Integrator.Adi } ? "adi" : "euler";
        return $"step {model} {integrator} {(spec.Precision == Precision.Binary64 ? "f64" : "f32")}{(NoisyFieldCount(spec) > 0 ? " noise" : "")}";
    }

    private static int NoisyFieldCount(SimulationSpec spec) => spec.Pattern is { } pattern
        ? pattern.AdditiveNoise.Count(strength => strength != 0) + pattern.MultiplicativeNoise.Count(strength => strength != 0)
        : spec.IsJitterEnabled ? 1 : 0;
}
