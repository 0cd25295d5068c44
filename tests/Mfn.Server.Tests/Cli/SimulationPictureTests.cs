using System.Text;
using Mfn.Cli;
using Mfn.Cli.Pictures;
using Mfn.Cli.Terminals;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli.Terminals;

namespace Mfn.Server.Tests.Cli;

public sealed class SimulationPictureTests
{
    private static readonly SimulationSummary Summary = new()
    {
        Spec = new SimulationSpec { GridSize = 4, Steps = 2, Seed = 42 },
        Statistics = new PotentialStatistics { MinPotentialMillivolts = -80, MaxPotentialMillivolts = -60, MeanPotentialMillivolts = -70.125, PotentialStandardDeviationMillivolts = 5 },
        GrowthEventCount = 3,
    };

    [Fact]
    public void Draw_TwoFrames_StandInTheSamePlace()
    {
        var screen = new VirtualScreen(60, 10);
        screen.Write("$ mfn simulate\r\n");

        var shown = Show(screen, 60, 10);

        Assert.Equal("$ mfn simulate", screen.Lines[0]);
        Assert.StartsWith("-80 [ ", screen.Lines[5], StringComparison.Ordinal);
        Assert.EndsWith("@] -60 mV", screen.Lines[5], StringComparison.Ordinal);
        Assert.Equal(["4 x 4 cells  2 steps  seed 42  -80.000 to -60.000 mV", "mean -70.125 mV  standard deviation 5.000 mV"], screen.Lines.Skip(6).Take(2));
        Assert.Equal("3 growth events  0 Turing activations  0 clampings", screen.Lines[8]);
        Assert.Empty(screen.Scrolled);
        Assert.True(screen.HasCursor);
        Assert.Contains("step 1/2  -80.0 to -60.0 mV  mean -70.0 mV  0 growth events", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_EveryWindow_MovesNoHigherThanItBegan()
    {
        foreach (var (width, height) in from width in Enumerable.Range(1, 60) from height in Enumerable.Range(1, 30) select (width, height))
        {
            // The screen refuses lines that are too long, and a cursor moved over the top.
            var screen = new VirtualScreen(width, height);
            Show(screen, width, height);
            Assert.True(screen.HasCursor);
        }
    }

    private static string Show(VirtualScreen screen, int width, int height)
    {
        using var output = new MemoryStream();
        using (var picture = new SimulationPicture(2, FieldQuantity.Potential, RangeRule.All, new TerminalKind(TerminalColors.None, HasBlocks: false, CanMove: true), output, () => (width, height)))
        {
            picture.Draw(Frame(1), 0);
            picture.Draw(Frame(2), 3);
            picture.Finish(Frame(2).Field, Summary);
        }

        var text = Encoding.UTF8.GetString(output.ToArray());
        screen.Write(text);
        return text;
    }

    private static SimulationFrame Frame(int step) => new()
    {
        Step = step,
        Statistics = new PotentialStatistics { MinPotentialMillivolts = -80, MaxPotentialMillivolts = -60, MeanPotentialMillivolts = -70 },
        Field = ((ReadOnlySpan<double>)[.. Enumerable.Range(0, 16).Select(i => i % 2 == 0 ? -0.08 : -0.06)]).ToField(4, 4),
    };
}
