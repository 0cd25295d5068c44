using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;

namespace Mfn.Server.Pricing;

/// <summary>
/// What a step takes on the machine that the constants are of (two virtual CPUs of an AMD EPYC, AVX-512): the calibration finds out how much faster or slower
/// this one is, kind by kind. What the constants say right is how one spec's time compares with another's of its kind.
/// </summary>
internal static class StepTime
{
    // As the engine divides its work (BandCrew), and as its fields fit the second cache (MembraneFields, PatternFields): larger ones take several steps a pass.
    private const double LeastSharedCellSteps = 1 << 18;
    private const double MembraneBytesInCache = 1 << 20;
    private const double PatternBytesInCache = 2 << 20;
    private const double BytesOfRowInCache = 12 << 10;
    private const int StepsOfPass = 8;
    private const int StepsOfPassOfShortRows = 16;
    private const double ShareOfSecondThread = 0.75;

    // As the kernels take cells together, and as many to where a line of the cache begins.
    private const int BytesOfVector = 64;

    // Nanoseconds: of a step, of its rows, and what a row takes besides whose cells begin anywhere in a line of the cache.
    private const double Step = 100;
    private const double StepOfMembrane = 140;
    private const double Row = 2.7;
    private const double AlignedShare = 0.81;
    private const double UnalignedRow = 3.2;
    private const double NormalNumber = 3.3;
    private const double PatternNormalNumber = 4.2;

    /// <summary>The kind of a spec's steps, and the seconds that one takes.</summary>
    /// <param name="spec">The simulation.</param>
    /// <param name="stepsAtOnce">How many steps are asked for at once.</param>
    /// <param name="threadCount">How many threads may work on a step.</param>
    public static (WorkKind Kind, double Seconds) Of(SimulationSpec spec, int stepsAtOnce, int threadCount)
    {
        var size = spec.Precision == Precision.Binary64 ? sizeof(double) : sizeof(float);
        var noise = PriceList.NoisyFieldCount(spec);
        var isAdi = spec.Pattern is { Integrator: Integrator.Adi };
        var planes = spec.Pattern is null ? 6 : 4;
        var takesOneStep = noise > 0 || isAdi || (double)planes * spec.CellCount * size <= (spec.Pattern is null ? MembraneBytesInCache : PatternBytesInCache);
        var stepsOfPass = takesOneStep ? 1 : Math.Min(MostStepsOfPass(spec, size), stepsAtOnce);
        var isShared = threadCount > 1 && !isAdi && (double)spec.CellCount * stepsOfPass >= LeastSharedCellSteps && !(spec.Pattern is null && noise > 0);

        var step = spec.Pattern is not { } pattern ? OfMembrane(spec, size, isDeep: stepsOfPass > 1)
            : isAdi ? OfAdi(pattern, size) : OfEuler(pattern, size);
        if (isShared)
        {
            step /= 1 + ((threadCount - 1) * ShareOfSecondThread);
        }

        step += (double)spec.CellCount * noise * (spec.Pattern is null ? NormalNumber : PatternNormalNumber);
        var name = $"step {Model(spec, isAdi || noise > 0)} {(isAdi ? "adi" : "euler")} {(size == sizeof(double) ? "f64" : "f32")}"
            + (noise > 0 ? " noise" : "") + (isShared ? $" x{threadCount}" : "") + (stepsOfPass > 1 ? " deep" : takesOneStep ? "" : " singly");
        return (WorkKind.Of(name, spec.CellCount), step * 1e-9);
    }

    /// <summary>Models that take as long are one: the more specs are of a kind, the sooner it has been measured.</summary>
    private static string Model(SimulationSpec spec, bool isMostlyTheSame) => (spec.Pattern?.Kinetics.Model, isMostlyTheSame) switch
    {
        (null, _) => spec.HasSpecies ? "reference" : "potential",
        (CubicPolynomial model, _) => model.Name,
        (_, true) => "kinetics",
        (Schnakenberg or Brusselator or GiererMeinhardt or Barkley, _) => "kinetics",

        // Where one of Gray and Scott's species dies out, its numbers become so small that processors are slow with them.
        var (model, _) => model.Name,
    };

    /// <summary>The most steps that a pass takes of fields that do not fit the cache.</summary>
    private static int MostStepsOfPass(SimulationSpec spec, int size) => spec.Pattern is not { } pattern ? StepsOfPass
        : (2.0 * pattern.ColumnCount * size <= BytesOfRowInCache ? StepsOfPassOfShortRows : StepsOfPass) / (IsInTwoParts(pattern) ? 2 : 1);

    private static bool IsInTwoParts(PatternSpec pattern) => pattern.Kinetics.Model is SwiftHohenberg;

    private static double OfMembrane(SimulationSpec spec, int size, bool isDeep)
    {
        var cell = (spec.HasSpecies, size) switch
        {
            (true, sizeof(double)) => 0.83,
            (true, _) => 0.443,
            (_, sizeof(double)) => 0.215,
            _ => 0.13,
        };
        var columnCount = RoundUp(spec.GridSize, size);
        return (spec.GridSize * columnCount * cell * (columnCount == spec.GridSize ? AlignedShare : 1) * (isDeep ? 0.92 : 1)) + StepOfMembrane;
    }

    private static double OfEuler(PatternSpec pattern, int size)
    {
        var cell = (pattern.Kinetics.Model, size) switch
        {
            (CubicPolynomial, sizeof(double)) => 0.535,
            (CubicPolynomial, _) => 0.254,
            (SwiftHohenberg, sizeof(double)) => 0.448,
            (SwiftHohenberg, _) => 0.209,
            (FitzHughNagumo, sizeof(double)) => 0.372,
            (FitzHughNagumo, _) => 0.217,
            (_, sizeof(double)) => 0.355,
            _ => 0.167,
        };
        if (pattern.Laplacian == LaplacianStencil.NinePoint)
        {
            cell *= 1.35;
        }

        if (!pattern.Mask.IsDefaultOrEmpty)
        {
            cell *= 1.65;
        }

        var columnCount = RoundUp(pattern.ColumnCount, size);
        var isAligned = columnCount == pattern.ColumnCount;
        return (((columnCount * cell * (isAligned ? AlignedShare : 1)) + Row + (isAligned ? 0 : UnalignedRow)) * pattern.RowCount) + Step;
    }

    /// <summary>Rows are solved as many together as a vector has lanes, and columns side by side.</summary>
    private static double OfAdi(PatternSpec pattern, int size)
    {
        var isDouble = size == sizeof(double);
        var diffusing = Enumerable.Range(0, pattern.Kinetics.SpeciesCount).Count(species => pattern.Kinetics.Diffusion(species) > 0);
        var reaction = (pattern.Kinetics.Model is CubicPolynomial ? 2 : 1) * (isDouble ? 0.16 : 0.25);
        var isAligned = RoundUp(pattern.ColumnCount, size) == pattern.ColumnCount;
        var lines = (double)RoundUp(pattern.RowCount, size) * pattern.ColumnCount * (isDouble ? 0.52 : 0.18) * (isAligned ? isDouble ? 0.74 : 0.4 : 1);
        var ends = (pattern.RowCount * (isDouble ? 7.5 : 16.5)) + (pattern.ColumnCount * (isDouble ? 2.2 : 7.3));

        // What is solved around a torus is solved with a second right-hand side.
        ends *= pattern.Boundaries[0].Kind == Boundary.Periodic ? 1.3 : 1;
        return (pattern.CellCount * reaction) + (diffusing * (lines + ends)) + Step;
    }

    private static int RoundUp(int count, int size) => (count + (BytesOfVector / size) - 1) / (BytesOfVector / size) * (BytesOfVector / size);
}
