using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Vectors;

namespace Mfn.Core.Tests.Simulation;

/// <summary>What steps of kinetics tend to as they and the cells shrink, and what symmetry they keep.</summary>
public sealed class PatternConvergenceTests
{
    /// <summary>Half the step, half the error: three runs of one time tell the order.</summary>
    [Theory]
    [InlineData("gray-scott", 0.02)]
    [InlineData("brusselator", 0.0002)]
    [InlineData("fitzhugh-nagumo", 0.4)]
    public void Advance_EulersStepHalved_HalvesTheError(string model, double timeStep)
    {
        var (coarse, middle, fine) = (After(timeStep, 16), After(timeStep / 2, 32), After(timeStep / 4, 64));

        Assert.InRange(Distance(coarse, middle) / Distance(middle, fine), 1.8, 2.2);

        double[] After(double step, int count)
        {
            var waves = Waves(16, 16, (x, y) => 0.7 + (0.2 * Math.Sin(2 * Math.PI * x) * Math.Cos(2 * Math.PI * y)));
            var pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find(model)!)) with
            {
                RowCount = 16,
                ColumnCount = 16,
                TimeStep = step,
                Initial = new InitialPattern { Fields = [waves, waves] },
            };
            return Run(pattern, count);
        }
    }

    /// <summary>Cells half as wide, a quarter of the error: against the decay of a wave, which is exp(-4π²(1² + 2²) D t) on the plane.</summary>
    [Theory]
    [InlineData(LaplacianStencil.FivePoint)]
    [InlineData(LaplacianStencil.NinePoint)]
    public void Advance_CellsHalved_QuarterTheError(LaplacianStencil stencil)
    {
        var errors = new[] { 16, 32, 64 }.Select(extent =>
        {
            var wave = Waves(extent, extent, (x, y) => Math.Sin(2 * Math.PI * x) * Math.Sin(4 * Math.PI * y));
            var stepCount = extent * extent;
            const double Time = 1.0 / 256;
            var pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find("cubic")!)) with
            {
                RowCount = extent,
                ColumnCount = extent,
                CellWidth = 1.0 / extent,
                TimeStep = Time / stepCount,
                Laplacian = stencil,
                Initial = new InitialPattern { Fields = [wave, wave] },
            };
            var decay = Math.Exp(-20 * Math.PI * Math.PI * Time);
            return Distance(Run(pattern, stepCount), [.. wave.Cells.ToArray().Select(cell => cell * decay)]);
        }).ToArray();

        Assert.InRange(errors[0] / errors[1], 3.5, 4.5);
        Assert.InRange(errors[1] / errors[2], 3.8, 4.2);
    }

    /// <summary>
    /// Mirrored in rows or columns a step adds the same numbers in pairs, whatever the Laplacian; turned about the diagonal that holds of the five
    /// points alone, since the diagonal ones are added row by row.
    /// </summary>
    [Theory]
    [InlineData(LaplacianStencil.FivePoint, Boundary.Periodic)]
    [InlineData(LaplacianStencil.FivePoint, Boundary.Neumann)]
    [InlineData(LaplacianStencil.NinePoint, Boundary.Periodic)]
    [InlineData(LaplacianStencil.NinePoint, Boundary.Neumann)]
    public void Advance_SymmetricStart_StaysSymmetricToTheBit(LaplacianStencil stencil, Boundary boundary)
    {
        const int Extent = 37;
        var start = Waves(Extent, Extent, (x, y) =>
        {
            var (fromMiddle, across) = (Math.Abs((x * Extent) - (Extent / 2)), Math.Abs((y * Extent) - (Extent / 2)));
            return Math.Max(fromMiddle, across) < 5.5 ? 0.25 : 0.01 * (fromMiddle + across) / Extent;
        });
        var pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find("gray-scott")!)) with
        {
            RowCount = Extent,
            ColumnCount = Extent,
            Laplacian = stencil,
            Boundaries = [new(boundary), new(boundary)],
            Initial = new InitialPattern { Fields = [Waves(Extent, Extent, (_, _) => 0.6), Rounded(start)] },
        };

        var cells = Run(pattern, 300);

        Assert.True(cells.Max() - cells.Min() > 0.01);
        for (var i = 0; i < cells.Length; i++)
        {
            var (row, column) = (i / Extent, i % Extent);
            Assert.Equal(cells[i], cells[((Extent - 1 - row) * Extent) + column]);
            Assert.Equal(cells[i], cells[(row * Extent) + Extent - 1 - column]);
            if (stencil == LaplacianStencil.FivePoint)
            {
                Assert.Equal(cells[i], cells[(column * Extent) + row]);
            }
        }

        // So that distances that should be the same are.
        static Field Rounded(Field field) => new(field.RowCount, field.ColumnCount, [.. field.Cells.ToArray().Select(cell => Math.Round(cell, 9))]);
    }

    /// <summary>
    /// The right-hand side that the Brusselator of SciML's collection of problems has on 32 x 32 cells, at its start, cell by cell: by the rates and the
    /// sum over the stencil that the kernels are made of, without a step, whose rounding would hide digits. Forcing is the test's own.
    /// </summary>
    [Theory]
    [InlineData(34, 802.9807693762164)]
    [InlineData(1058, 985.3120721709204)]
    [InlineData(2000, -403.5817880634729)]
    [InlineData(2048, 1431.1460373522068)]
    public void Rates_BrusselatorOfSciml_AgreeToAllPrintedDigits(int index, double expected)
    {
        const int Extent = 32;
        var kinetics = new KineticsSpec(KineticsModel.Find("brusselator")!, [1, 3.4, 10, 10]);
        var at = (index - 1) % (Extent * Extent);
        var (x, y) = (at % Extent, at / Extent);
        BrusselatorRates<double, Bits128<double>>.Create(kinetics)
            .Of(Bits128<double>.Create(U(y)), Bits128<double>.Create(V(x)), out var f, out var g);
        var isFirst = index <= Extent * Extent;
        var sum = isFirst
            ? Sum(Lane(U(y)), Lane(U(y - 1)), Lane(U(y + 1)), Lane(U(y) + U(y)))
            : Sum(Lane(V(x)), Lane(V(x)), Lane(V(x)), Lane(V(x - 1) + V(x + 1)));
        var width = 1.0 / (Extent - 1);
        var isForced = isFirst && Squared((x / 31.0) - 0.3) + Squared((y / 31.0) - 0.6) <= 0.01;

        var rate = First(isFirst ? f : g) + (10 / (width * width) * First(sum)) + (isForced ? 5 : 0);

        // Sixteen digits are printed: the last one is of the size of a rounding of the sum, whose terms are a hundred times as large.
        Assert.Equal(expected, rate, 1e-12 * Math.Max(1000, Math.Abs(expected)));

        static Bits128<double> Sum(Bits128<double> here, Bits128<double> left, Bits128<double> right, Bits128<double> column) =>
            FivePoints<double, Bits128<double>>.Sum(
                Lane(FivePoints<double, Bits128<double>>.Centre), here, left, right, column, default, default, default, default, default, default);

        static double U(int y) => 22 * Math.Pow(Coordinate(y) * (1 - Coordinate(y)), 1.5);

        static double V(int x) => 27 * Math.Pow(Coordinate(x) * (1 - Coordinate(x)), 1.5);

        static double Coordinate(int i) => (i + Extent) % Extent / (double)(Extent - 1);

        static double Squared(double value) => value * value;

        static Bits128<double> Lane(double value) => Bits128<double>.Create(value);

        static double First(Bits128<double> vector)
        {
            var lanes = new double[2];
            Bits128<double>.Store(vector, ref lanes[0], 0);
            return lanes[0];
        }
    }

    private static Field Waves(int rows, int columns, Func<double, double, double> value) =>
        new(rows, columns, [.. Enumerable.Range(0, rows * columns).Select(i => value(i / columns / (double)rows, i % columns / (double)columns))]);

    private static double[] Run(PatternSpec pattern, int stepCount)
    {
        using var engine = new SimulationEngine(new SimulationSpec { Pattern = pattern, StepCount = stepCount });
        engine.Advance(stepCount);
        return [.. engine.Species(1)];
    }

    private static double Distance(double[] left, double[] right) => left.Zip(right, (a, b) => Math.Abs(a - b)).Max();
}
