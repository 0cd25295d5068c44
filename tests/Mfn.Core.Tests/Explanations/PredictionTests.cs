using System.Collections.Immutable;
using System.Globalization;
using Mfn.Core.Explanations;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Stability;

namespace Mfn.Core.Tests.Explanations;

/// <summary>What is predicted against what is simulated. PATTERN_CASES says for how many drawn specs of each kind; 8 if it is not set.</summary>
public sealed class PredictionTests
{
    private static readonly int CaseCount = int.Parse(Environment.GetEnvironmentVariable("PATTERN_CASES") ?? "8", CultureInfo.InvariantCulture);

    [Fact]
    public void TuringUnstableSpecs_AfterLinearGrowth_HaveTheWinnerAndItsGrowthRate()
    {
        var misses = new List<string>();
        foreach (var spec in Draw(StabilityVerdict.Turing))
        {
            var pattern = spec.Pattern!;
            var explanation = Explanation.Of(spec);
            var box = explanation.Box!.Value;
            using var engine = new SimulationEngine(spec);

            // From a billionth to a hundredth of a millionth and more: linear to the end, and the last tenth for the rate.
            var steps = (int)(Math.Log(1e6) / (box.GrowthRate * pattern.TimeStep));
            engine.Advance(steps * 9 / 10);
            var before = Power(engine.Species(0), pattern)[box.RowIndex, box.ColumnIndex];
            engine.Advance(steps - (steps * 9 / 10));
            var power = Power(engine.Species(0), pattern);

            var rate = Math.Log(power[box.RowIndex, box.ColumnIndex] / before) / 2 / ((steps - (steps * 9 / 10)) * pattern.TimeStep);
            Assert.True(Math.Abs(rate - box.GrowthRate) <= 0.02 * box.GrowthRate, $"{Tell(pattern)}: grows at {rate}, not at {box.GrowthRate}.");
            var (row, column) = Largest(power);
            if (Math.Abs(Radius(row, column, pattern) - Radius(box.RowIndex, box.ColumnIndex, pattern)) > 1)
            {
                misses.Add($"{Tell(pattern)}: ({row}, {column}), not ({box.RowIndex}, {box.ColumnIndex})");
            }
        }

        Assert.True(misses.Count <= CaseCount * 0.05, string.Join('\n', misses));
    }

    [Fact]
    public void StableSpecs_APerturbation_DecaysAtThePredictedRate()
    {
        foreach (var drawn in Draw(StabilityVerdict.Stable))
        {
            var explanation = Explanation.Of(drawn);
            var pattern = drawn.Pattern!;
            var box = explanation.Box!.Value;
            var state = explanation.SteadyStates[explanation.BoxState!.Value].Values;
            var spec = drawn with { Pattern = pattern with { Initial = new InitialPattern { Fields = Wave(pattern, state, box) } } };
            using var engine = new SimulationEngine(spec);

            // Of two species the amplitudes go on by a matrix, which three pairs of them tell, and its eigenvalues are the rate.
            var stride = Math.Max(1, (int)(0.3 / (Math.Abs(box.GrowthRate) * pattern.TimeStep)));
            var amplitudes = new double[3][];
            for (var sample = 0; sample < 3; sample++)
            {
                amplitudes[sample] = [.. state.Select((value, species) => Amplitude(engine.Species(species), pattern, box, value))];
                engine.Advance(stride);
            }

            var rate = Math.Log(LargestFactor(amplitudes)) / (stride * pattern.TimeStep);
            Assert.True(Math.Abs(rate - box.GrowthRate) <= 0.02 * Math.Abs(box.GrowthRate), $"{Tell(pattern)}: decays at {rate}, not at {box.GrowthRate}.");
        }
    }

    [Fact]
    public void OscillatingSpecs_SmallOscillations_HaveThePredictedPeriod()
    {
        foreach (var drawn in Draw(StabilityVerdict.Hopf))
        {
            var state = Explanation.Of(drawn).SteadyStates.Single(each => each.Verdict == StabilityVerdict.Hopf);
            var period = state.Period!.Value;
            var pattern = drawn.Pattern! with
            {
                RowCount = 4,
                ColumnCount = 4,
                TimeStep = period / 5000,
                IsUnstableAllowed = true,
                Boundaries = [.. state.Values.Select(_ => new SpeciesBoundary(Boundary.Periodic))],
            };
            var wave = Wave(pattern, state.Values, default);
            using var engine = new SimulationEngine(drawn with { Pattern = pattern with { Initial = new InitialPattern { Fields = wave } } });

            // The times at which u rises through its steady value.
            var crossings = new List<double>();
            var last = 0.0;
            while (crossings.Count < 3 && engine.Step < 25_000)
            {
                engine.TakeStep();
                var offset = engine.Species(0)[0] - state.Values[0];
                if (last < 0 && offset >= 0)
                {
                    crossings.Add(engine.Time - (pattern.TimeStep * offset / (offset - last)));
                }

                last = offset;
            }

            Assert.Equal(3, crossings.Count);
            Assert.True(Math.Abs(((crossings[2] - crossings[0]) / 2) - period) <= 0.02 * period, $"{Tell(pattern)}: {crossings[2] - crossings[1]}, not {period}.");
        }
    }

    /// <summary>Specs whose initial state has the verdict, in boxes of two to four wavelengths (or 16 to 40 cells) of all kinds.</summary>
    private static IEnumerable<SimulationSpec> Draw(StabilityVerdict verdict)
    {
        var random = new Random(20261128);
        for (var count = 0; count < CaseCount;)
        {
            var kinetics = DrawKinetics(random, verdict);
            var state = UniformSteadyStates.Of(kinetics).States.FirstOrDefault(each => each.Verdict == verdict && (verdict != StabilityVerdict.Hopf || each.UniformGrowthRate * each.Period < 4));
            if (state is null)
            {
                continue;
            }

            var pattern = PatternSpec.Of(kinetics);
            var kind = (Boundary)random.Next(kinetics.Model is SwiftHohenberg ? 2 : 3);
            var wavelength = state.FastestWavelength ?? 12;
            pattern = pattern with
            {
                RowCount = random.Next(16, 41),
                ColumnCount = random.Next(16, 41),
                CellWidth = wavelength / (8 + (4 * random.NextDouble())),
                Boundaries = [.. state.Values.Select(value => new SpeciesBoundary(kind, kind == Boundary.Dirichlet ? value : 0))],
                Laplacian = (LaplacianStencil)random.Next(2),
                Initial = new InitialPattern { Uniform = state.Values, Noise = 1e-9 },
            };
            if (pattern.Laplacian == LaplacianStencil.FivePoint && kinetics.Model is not SwiftHohenberg && random.Next(4) == 0)
            {
                pattern = pattern with { Integrator = Integrator.Adi };
            }

            // Euler's own error of the growth rate is half of growth rate times time step.
            var explained = Explanation.Of(new SimulationSpec { Pattern = pattern with { TimeStep = 1e-6 } });
            var box = explained.Box!.Value;
            if (verdict == StabilityVerdict.Turing && box.GrowthRate < 0.2 * state.FastestGrowthRate)
            {
                continue;
            }

            var (growth, frequency) = state.Dispersion.Fastest(0);
            var rate = Math.Max(Math.Abs(box.GrowthRate), Math.Max(Math.Abs(growth), frequency * frequency * 2 / Math.Max(Math.Abs(growth), 1e-3)));
            var limit = Math.Min(pattern.LargestStableTimeStep, explained.LargestStableTimeStep ?? double.PositiveInfinity);
            if (pattern.Integrator == Integrator.Adi)
            {
                // Of its first order in time, and not kept small by a bound on the time step.
                var decay = Enumerable.Range(0, kinetics.SpeciesCount).Max(kinetics.Diffusion) * Math.Pow(2 * Math.PI / (box.Wavelength ?? wavelength), 2);
                limit = Math.Min(limit, 0.6 * Math.Abs(box.GrowthRate) / (decay * decay));
            }

            count++;
            yield return new SimulationSpec { Seed = (ulong)random.Next(), Pattern = pattern with { TimeStep = Math.Min(0.4 * limit, 0.01 / rate) } };
        }
    }

    private static KineticsSpec DrawKinetics(Random random, StabilityVerdict verdict)
    {
        double Between(double low, double high) => low + ((high - low) * random.NextDouble());
        KineticsSpec Of(string model, params ImmutableArray<double> values) => new(KineticsModel.Find(model)!, values);

        switch (random.Next(verdict == StabilityVerdict.Hopf ? 3 : 5))
        {
            case 0:
                return Of("schnakenberg", Between(0.02, 0.2), Between(0.4, 1.5), Between(10, 60));
            case 1:
                var (a, du) = (Between(1, 4), Between(1, 4));
                return Of("brusselator", a, Between(0.5, 1.6) * (1 + (a * a)) * (verdict == StabilityVerdict.Hopf ? 1 : 0.6), du, du * Between(4, 12));
            case 2:
                // FitzHugh and Nagumo's classical form, as a polynomial.
                var cubic = new KineticsSpec(KineticsModel.Find("cubic")!).With("f10", Between(0.6, 1.2)).With("f30", -1).With("f01", -1).With("f20", Between(-0.3, 0.3));
                var epsilon = Between(0.5, 4);
                return cubic.With("g10", epsilon).With("g01", -epsilon * Between(0.3, 0.9)).With("Du", 1).With("Dv", Between(8, 25));
            case 3:
                return Of("gierer-meinhardt", Between(0.2, 0.8), Between(10, 40));
            default:
                return Of("swift-hohenberg", verdict == StabilityVerdict.Stable ? Between(-1, -0.05) : Between(0.05, 0.6), Between(0, 1));
        }
    }

    /// <summary>The steady state with a small wave of a mode in all species.</summary>
    private static ImmutableArray<Field> Wave(PatternSpec pattern, ImmutableArray<double> state, BoxMode mode) =>
    [
        .. state.Select((value, species) => new Field(
            pattern.RowCount,
            pattern.ColumnCount,
            [.. from row in Enumerable.Range(0, pattern.RowCount)
                from column in Enumerable.Range(0, pattern.ColumnCount)
                select value + ((species == 0 ? 1e-6 : -0.4e-6) * Wave(pattern, mode.RowIndex, row, pattern.RowCount) * Wave(pattern, mode.ColumnIndex, column, pattern.ColumnCount))])),
    ];

    private static double Wave(PatternSpec pattern, int index, int cell, int count) => pattern.Boundaries[0].Kind switch
    {
        Boundary.Periodic => Math.Cos(2 * Math.PI * index * cell / count),
        Boundary.Neumann => Math.Cos(Math.PI * index * (cell + 0.5) / count),
        _ => Math.Sin(Math.PI * Math.Max(index, 1) * (cell + 1) / (count + 1)),
    };

    private static double Amplitude(ReadOnlySpan<double> cells, PatternSpec pattern, BoxMode mode, double value)
    {
        var sum = 0.0;
        for (var i = 0; i < cells.Length; i++)
        {
            var (row, column) = Math.DivRem(i, pattern.ColumnCount);
            sum += (cells[i] - value) * Wave(pattern, mode.RowIndex, row, pattern.RowCount) * Wave(pattern, mode.ColumnIndex, column, pattern.ColumnCount);
        }

        return sum;
    }

    private static double LargestFactor(double[][] amplitudes)
    {
        if (amplitudes[0].Length == 1)
        {
            return amplitudes[2][0] / amplitudes[1][0];
        }

        // M (a0 a1) = (a1 a2).
        var (a, b, c) = (amplitudes[0], amplitudes[1], amplitudes[2]);
        var determinant = (a[0] * b[1]) - (b[0] * a[1]);
        var trace = ((b[0] * b[1]) - (c[0] * a[1]) + (a[0] * c[1]) - (b[1] * b[0])) / determinant;
        var product = ((b[0] * c[1]) - (c[0] * b[1])) / determinant;
        var discriminant = (trace * trace / 4) - product;
        return discriminant < 0 ? Math.Sqrt(product) : (trace / 2) + Math.Sqrt(discriminant);
    }

    /// <summary>The squared amplitude of every mode, of periodic ones of both directions and phases: by sums, cell for cell.</summary>
    private static double[,] Power(ReadOnlySpan<double> cells, PatternSpec pattern)
    {
        var isPeriodic = pattern.Boundaries[0].Kind == Boundary.Periodic;
        var mean = 0.0;
        foreach (var cell in cells)
        {
            mean += cell / cells.Length;
        }

        // Rim values are the steady state's, which the mean of a perturbation of 1e-3 at most is as well as.
        var center = pattern.Boundaries[0].Kind == Boundary.Dirichlet ? pattern.Boundaries[0].Value : mean;
        var (rows, columns) = (pattern.RowCount, pattern.ColumnCount);
        var (rowModes, columnModes) = isPeriodic ? ((rows / 2) + 1, (columns / 2) + 1) : (rows + 1, columns + 1);
        var power = new double[rowModes, columnModes];
        double[] phases = isPeriodic ? [0, Math.PI / 2] : [0];
        foreach (var rowPhase in phases)
        {
            foreach (var columnPhase in phases)
            {
                for (var n = 0; n < columnModes; n++)
                {
                    var lines = new double[rows];
                    for (var i = 0; i < cells.Length; i++)
                    {
                        lines[i / columns] += (cells[i] - center) * Phased(n, i % columns, columns, columnPhase);
                    }

                    for (var m = 0; m < rowModes; m++)
                    {
                        var sum = 0.0;
                        for (var row = 0; row < rows; row++)
                        {
                            sum += lines[row] * Phased(m, row, rows, rowPhase);
                        }

                        power[m, n] += sum * sum;
                    }
                }
            }
        }

        return power;

        double Phased(int index, int cell, int count, double phase) => isPeriodic
            ? Math.Cos((2 * Math.PI * index * cell / count) - phase)
            : pattern.Boundaries[0].Kind == Boundary.Neumann && index == count ? 0
            : pattern.Boundaries[0].Kind == Boundary.Dirichlet && index == 0 ? 0
            : Wave(pattern, index, cell, count);
    }

    private static (int Row, int Column) Largest(double[,] power)
    {
        var best = (Row: 0, Column: 0);
        for (var m = 0; m < power.GetLength(0); m++)
        {
            for (var n = 0; n < power.GetLength(1); n++)
            {
                best = power[m, n] > power[best.Row, best.Column] ? (m, n) : best;
            }
        }

        return best;
    }

    /// <summary>The wavenumber of a mode in units of that of the longer side's first.</summary>
    private static double Radius(int row, int column, PatternSpec pattern)
    {
        var longest = Math.Max(pattern.RowCount, pattern.ColumnCount);
        return double.Hypot((double)row * longest / pattern.RowCount, (double)column * longest / pattern.ColumnCount);
    }

    private static string Tell(PatternSpec pattern) =>
        $"{pattern.Kinetics.Model.Name} {string.Join(' ', pattern.Kinetics.Values)} {pattern.RowCount}x{pattern.ColumnCount} {pattern.Boundaries[0].Kind} {pattern.Laplacian} {pattern.Integrator} h {pattern.CellWidth} dt {pattern.TimeStep}";
}
