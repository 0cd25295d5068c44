using System.Globalization;
using Mfn.Core.Explanations;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Stability;

namespace Mfn.Core.Tests.Explanations;

public sealed class ExplanationTests
{
    [Fact]
    public void Of_SchnakenbergInABoxOf64_HasThePublishedWinnerAndTimeStep()
    {
        var explanation = Explanation.Of(Box());
        var box = explanation.Box!.Value;

        Assert.Equal((3, 3), (box.RowIndex, box.ColumnIndex));
        Assert.Equal(0.410944, box.GrowthRate, 1e-6);
        Assert.Equal(64 / Math.Sqrt(18), box.Wavelength!.Value, 1e-12);
        Assert.Equal(128 / Math.Sqrt(18), box.CellsPerWavelength!.Value, 1e-12);
        Assert.Equal(0.0015613, explanation.LargestStableTimeStep!.Value, 5e-8);
        Assert.False(explanation.NeedsSeed);

        // Noise of a hundredth: two decades.
        Assert.Equal((long)Math.Ceiling(2 * Math.Log(10) / (box.GrowthRate * 0.001)), explanation.StepsUntilVisible);
    }

    [Theory]
    [InlineData(3, 0.338575)]
    [InlineData(4, 0.408086)]
    [InlineData(5, 0.396411)]
    [InlineData(6, 0.336440)]
    public void Of_AxisModesOfThatBox_GrowAsPublished(int index, double growth)
    {
        var pattern = Box().Pattern!;
        var modes = BoxModes.Of(pattern, out _)!;
        var dispersion = UniformSteadyStates.Of(pattern.Kinetics).States[0].Dispersion;

        Assert.Equal(growth, modes.Of(dispersion, index, 0).GrowthRate, 1e-6);
        Assert.Equal(growth, modes.Of(dispersion, 0, index).GrowthRate, 1e-6);
    }

    /// <summary>The wave itself, through a plain Laplacian: it comes back times −q, at each boundary, of each stencil.</summary>
    [Theory]
    [InlineData(Boundary.Periodic, LaplacianStencil.FivePoint)]
    [InlineData(Boundary.Periodic, LaplacianStencil.NinePoint)]
    [InlineData(Boundary.Neumann, LaplacianStencil.FivePoint)]
    [InlineData(Boundary.Neumann, LaplacianStencil.NinePoint)]
    [InlineData(Boundary.Dirichlet, LaplacianStencil.FivePoint)]
    [InlineData(Boundary.Dirichlet, LaplacianStencil.NinePoint)]
    public void Winner_EachBoundaryAndStencil_IsThatOfAllWavesAppliedOneByOne(Boundary boundary, LaplacianStencil stencil)
    {
        const int Rows = 9, Columns = 14;
        const double Width = 1.25;
        var pattern = Box().Pattern! with
        {
            RowCount = Rows,
            ColumnCount = Columns,
            CellWidth = Width,
            Laplacian = stencil,
            Boundaries = [new(boundary, boundary == Boundary.Dirichlet ? 1 : 0), new(boundary, boundary == Boundary.Dirichlet ? 0.9 : 0)],
        };
        var dispersion = UniformSteadyStates.Of(pattern.Kinetics).States[0].Dispersion;
        var (best, bestMode) = (double.NegativeInfinity, (0, 0));
        for (var m = boundary == Boundary.Dirichlet ? 1 : 0; m <= (boundary == Boundary.Periodic ? Rows / 2 : boundary == Boundary.Neumann ? Rows - 1 : Rows); m++)
        {
            for (var n = boundary == Boundary.Dirichlet ? 1 : 0; n <= (boundary == Boundary.Periodic ? Columns / 2 : boundary == Boundary.Neumann ? Columns - 1 : Columns); n++)
            {
                var growth = dispersion.Fastest(NaiveQ(boundary, stencil, Rows, Columns, m, n) / (Width * Width)).Growth;
                Assert.Equal(growth, BoxModes.Of(pattern, out _)!.Of(dispersion, m, n).GrowthRate, 1e-9);
                if (growth > best)
                {
                    (best, bestMode) = (growth, (m, n));
                }
            }
        }

        var winner = Explanation.Of(new SimulationSpec { Pattern = pattern }).Box!.Value;
        Assert.Equal(bestMode, (winner.RowIndex, winner.ColumnIndex));
        Assert.Equal(best, winner.GrowthRate, 1e-12);
    }

    [Theory]
    [InlineData("gray-scott", "F=0.037,k=0.06", true)]
    [InlineData("gray-scott", "F=0.03,k=0.062", true)]
    [InlineData("fitzhugh-nagumo", "a=0.13", true)]
    [InlineData("schnakenberg", "a=0.1", false)]
    [InlineData("brusselator", "A=1,B=3", false)]
    [InlineData("swift-hohenberg", "r=0.3", false)]
    [InlineData("swift-hohenberg", "r=-0.3", true)]
    public void NeedsSeed_EachModel_IsWhetherNothingSmallGrows(string model, string parameters, bool needsSeed) =>
        Assert.Equal(needsSeed, Explanation.Of(Spec(model, parameters)).NeedsSeed);

    [Theory]
    [InlineData("schnakenberg", "a=-1,b=1", WarningKind.NoSteadyState, "no uniform steady state")]
    [InlineData("gierer-meinhardt", "b=1e-6", WarningKind.NoSteadyState, "no uniform steady state between -1e9 and 1e9")]
    [InlineData("gray-scott", "F=0", WarningKind.SteadyStateContinuum, "the states are a line")]
    [InlineData("cubic", "f10=1e40,g01=1e-40", WarningKind.SteadyStatesNotComputed, "60 orders of magnitude")]
    [InlineData("schnakenberg", "a=1,b=-0.5", WarningKind.NegativeConcentration, "outside the model's sense")]
    [InlineData("gray-scott", "F=0.0625,k=0.0625", WarningKind.SingularJacobian, "singular")]
    [InlineData("brusselator", "Du=0", WarningKind.NoShortestWave, "does not diffuse")]
    [InlineData("brusselator", "A=1,B=3,Du=1,Dv=60", WarningKind.WavesFasterThanOscillation, "either may win")]
    [InlineData("swift-hohenberg", "r=-0.3", WarningKind.StaysUniform, "will stay uniform")]
    [InlineData("schnakenberg", "a=0.1", WarningKind.TooFewSteps, "steps end before the pattern is visible")]
    public void Warnings_OddParameters_SayWhatIsWrong(string model, string parameters, WarningKind kind, string warning) =>
        Assert.Contains(warning, Assert.Single(Explanation.Of(Spec(model, parameters)).Warnings, each => each.Kind == kind).Text, StringComparison.Ordinal);

    [Fact]
    public void Warnings_OddBoxes_SayWhatIsWrong()
    {
        var pattern = Box().Pattern!;

        AssertWarns(pattern with { RowCount = 8, ColumnCount = 8 }, WarningKind.BoxSmallerThanWavelength, "smaller than the fastest growing wavelength");
        AssertWarns(pattern with { RowCount = 8, ColumnCount = 8 }, WarningKind.NoGrowingModeInBox, "none of those that fit this box");
        AssertWarns(pattern with { CellWidth = 2.5 }, WarningKind.CoarseCells, "fewer than 8");
        AssertWarns(pattern with { TimeStep = 0.0016 }, WarningKind.UnstableTimeStep, "above the largest stable one, 0.0015612");
        AssertWarns(pattern with { Boundaries = [new(Boundary.Dirichlet, 1), new(Boundary.Dirichlet, 0)] }, WarningKind.BoundaryNotSteady, "v is kept at 0 beyond the rim");
        AssertWarns(pattern with { Boundaries = [new(Boundary.Dirichlet, 1), new(Boundary.Neumann)] }, WarningKind.BoxNotPredicted, "different boundaries");
        AssertWarns(pattern with { Mask = [.. Enumerable.Range(0, 128 * 128).Select(i => i > 5)] }, WarningKind.BoxNotPredicted, "do not fit a mask");
        Assert.Equal(WarningKind.UnstableAlpha, Assert.Single(Explanation.Of(new SimulationSpec { Alpha = 0.25 }).Warnings).Kind);
        Assert.Empty(Explanation.Of(Box() with { StepCount = 20_000 }).Warnings);

        static void AssertWarns(PatternSpec pattern, WarningKind kind, string warning) =>
            Assert.Contains(warning, Assert.Single(Explanation.Of(new SimulationSpec { Pattern = pattern }).Warnings, each => each.Kind == kind).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_BadSpec_IsRefusedWithEveryProblem()
    {
        var pattern = Box().Pattern! with { RowCount = 0, CellWidth = -1 };

        var message = Assert.Throws<ArgumentException>(() => Explanation.Of(new SimulationSpec { Pattern = pattern })).Message;

        Assert.Contains("RowCount", message, StringComparison.Ordinal);
        Assert.Contains("CellWidth", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mask_OfTheDefaults_ProvablyNeverFires()
    {
        var mask = Explanation.Of(new SimulationSpec()).Mask!;

        // The logistic curve from 0.1 at 1 % a step, by hand.
        var (largest, atEnd, earliest) = (0.1, 0.0, 0);
        for (var step = 1; earliest == 0; step++)
        {
            largest += 0.01 * largest * (1 - largest);
            atEnd = step == 64 ? largest : atEnd;
            earliest = largest > 0.75 ? step : 0;
        }

        Assert.False(mask.CanFire);
        Assert.Equal(atEnd, mask.LargestActivator, 1e-12);
        Assert.Equal(earliest, mask.EarliestStep);
        Assert.True(Explanation.Of(new SimulationSpec { StepCount = earliest }).Mask!.CanFire);
    }

    /// <summary>No simulation passes the bound, whatever its variant, boundary and rates.</summary>
    [Theory]
    [InlineData(SimulationVariant.Model, Boundary.Periodic, 0.01, 0.1)]
    [InlineData(SimulationVariant.Engine, Boundary.Neumann, 0.1, 0.2)]
    [InlineData(SimulationVariant.Engine, Boundary.Dirichlet, 0.05, 0.01)]
    [InlineData(SimulationVariant.Numerics, Boundary.Periodic, 1.5, 0.24)]
    public void Mask_RunsOfEachVariant_StayWithinTheBound(SimulationVariant variant, Boundary boundary, double rate, double diffusion)
    {
        var spec = new SimulationSpec
        {
            Variant = variant,
            Boundary = boundary,
            ActivatorRate = rate,
            ActivatorDiffusion = diffusion,
            GridSize = 24,
            StepCount = 60,
            InhibitorRate = variant == SimulationVariant.Model ? 0.02 : 0.001,
        };
        using var engine = new SimulationEngine(spec);
        for (var step = 1; step <= spec.StepCount; step++)
        {
            engine.TakeStep();
            var largest = 0.0;
            foreach (var activator in engine.Activator)
            {
                largest = Math.Max(largest, activator);
            }

            Assert.InRange(largest, 0, TuringMask.Of(spec with { StepCount = step }).LargestActivator);
        }
    }

    private static SimulationSpec Box() => new()
    {
        StepCount = 1000,
        Pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find("schnakenberg")!)) with { CellWidth = 0.5, TimeStep = 0.001 },
    };

    private static SimulationSpec Spec(string model, string parameters) => new()
    {
        Pattern = PatternSpec.Of(parameters.Split(',').Select(parameter => parameter.Split('=')).Aggregate(
            new KineticsSpec(KineticsModel.Find(model)!), (spec, pair) => spec.With(pair[0], double.Parse(pair[1], CultureInfo.InvariantCulture)))),
    };

    private static double NaiveQ(Boundary boundary, LaplacianStencil stencil, int rows, int columns, int m, int n)
    {
        // The cell where the wave is largest, so that dividing by it costs nothing.
        var (row, column) = (from r in Enumerable.Range(0, rows) from c in Enumerable.Range(0, columns) select (r, c)).MaxBy(cell => Math.Abs(Wave(cell.r, cell.c)));
        var sides = At(row - 1, column) + At(row + 1, column) + At(row, column - 1) + At(row, column + 1);
        var corners = At(row - 1, column - 1) + At(row - 1, column + 1) + At(row + 1, column - 1) + At(row + 1, column + 1);
        var laplacian = stencil == LaplacianStencil.FivePoint ? sides - (4 * At(row, column)) : ((4 * sides) + corners - (20 * At(row, column))) / 6;
        return -laplacian / At(row, column);

        double At(int r, int c) => boundary switch
        {
            Boundary.Periodic => Wave((r + rows) % rows, (c + columns) % columns),
            Boundary.Neumann => Wave(Math.Clamp(r, 0, rows - 1), Math.Clamp(c, 0, columns - 1)),
            _ => r < 0 || c < 0 || r == rows || c == columns ? 0 : Wave(r, c),
        };

        double Wave(int r, int c) => boundary switch
        {
            Boundary.Periodic => Math.Cos(2 * Math.PI * m * r / rows) * Math.Cos(2 * Math.PI * n * c / columns),
            Boundary.Neumann => Math.Cos(Math.PI * m * (r + 0.5) / rows) * Math.Cos(Math.PI * n * (c + 0.5) / columns),
            _ => Math.Sin(Math.PI * m * (r + 1) / (rows + 1)) * Math.Sin(Math.PI * n * (c + 1) / (columns + 1)),
        };
    }
}
