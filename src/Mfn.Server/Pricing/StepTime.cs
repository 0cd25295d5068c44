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
    private const double BytesInLastCache = 16 << 20;
    private const int StepsOfPass = 8;
    private const double ShareOfSecondThread = 0.85;

    // Nanoseconds: of a call, of a row where a pass takes one step or several, of a cell's normal number.
    private const double Pass = 120;
    private const double RowOfStep = 2.5;
    private const double RowOfPass = 2;
    private const double RowOfSwiftHohenberg = 8;
    private const double NormalNumber = 5.2;

    /// <summary>The kind of a spec's steps, and the seconds that one takes.</summary>
    /// <param name="spec">The simulation.</param>
    /// <param name="stepsAtOnce">How many steps are asked for at once.</param>
    /// <param name="threadCount">How many threads may work on a step.</param>
    public static (WorkKind Kind, double Seconds) Of(SimulationSpec spec, int stepsAtOnce, int threadCount)
    {
        var isDouble = spec.Precision == Precision.Binary64;
        var noise = PriceList.NoisyFieldCount(spec);
        var isAdi = spec.Pattern is { Integrator: Integrator.Adi };
        var planes = spec.Pattern is null ? 6 : 4;
        var bytes = (double)planes * spec.CellCount * (isDouble ? sizeof(double) : sizeof(float));
        var takesOneStep = noise > 0 || isAdi || bytes <= (spec.Pattern is null ? MembraneBytesInCache : PatternBytesInCache);
        var stepsOfPass = takesOneStep ? 1 : Math.Min(StepsOfPass, stepsAtOnce);
        var isShared = threadCount > 1 && (double)spec.CellCount * stepsOfPass >= LeastSharedCellSteps && !(spec.Pattern is null && noise > 0);

        var cell = CellNanoseconds(spec, isDouble, isAdi);
        if (stepsOfPass > 1)
        {
            cell *= 1.4;
        }
        else if (bytes > BytesInLastCache && !isAdi)
        {
            cell = Math.Max(cell * 1.2, isDouble ? planes * 0.32 : planes * 0.16);
        }

        var row = spec.Pattern?.Kinetics.Model is SwiftHohenberg ? RowOfSwiftHohenberg : stepsOfPass > 1 ? RowOfPass : RowOfStep;
        var step = (spec.CellCount * cell) + (spec.RowCount * row) + (Pass / stepsOfPass);
        if (isShared && !isAdi)
        {
            step /= 1 + ((threadCount - 1) * ShareOfSecondThread);
        }

        step += (double)spec.CellCount * noise * NormalNumber;
        var name = $"step {Model(spec)} {(isAdi ? "adi" : "euler")} {(isDouble ? "f64" : "f32")}"
            + (noise > 0 ? " noise" : "") + (isShared ? $" x{threadCount}" : "") + (stepsOfPass > 1 ? " deep" : takesOneStep ? "" : " singly");
        return (WorkKind.Of(name, spec.CellCount), step * 1e-9);
    }

    /// <summary>Models that take as long: the more specs are of a kind, the sooner it has been measured.</summary>
    private static string Model(SimulationSpec spec) => spec.Pattern?.Kinetics.Model switch
    {
        null => spec.HasSpecies ? "reference" : "potential",
        // Where one of Gray and Scott's species dies out, its numbers become so small that processors are slow with them.
        (GrayScott or SwiftHohenberg or CubicPolynomial) and var model => model.Name,
        _ => "kinetics",
    };

    private static double CellNanoseconds(SimulationSpec spec, bool isDouble, bool isAdi)
    {
        if (spec.Pattern is not { } pattern)
        {
            return (spec.HasSpecies ? 0.72 : 0.21) * (isDouble ? 1 : 0.52);
        }

        var isCubic = pattern.Kinetics.Model is CubicPolynomial;
        if (isAdi)
        {
            var diffusing = Enumerable.Range(0, pattern.Kinetics.SpeciesCount).Count(species => pattern.Kinetics.Diffusion(species) > 0);
            return ((diffusing * 0.4) + (isCubic ? 1 : 0.3)) * (isDouble ? 1 : 0.52);
        }

        var cell = (isCubic ? 0.7 : 0.3) * (isDouble ? 1 : 0.52);
        return cell * (pattern.Laplacian == LaplacianStencil.NinePoint ? 1.2 : 1) * (pattern.Mask.IsDefaultOrEmpty ? 1 : 1.65);
    }
}
