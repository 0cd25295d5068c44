using Google.Protobuf;
using Mfn.Cli.Pictures;
using Mfn.Cli.Runs;
using Mfn.Cli.Terminals;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli.Terminals;

namespace Mfn.Server.Tests.Cli.Runs;

public sealed class LiveViewTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WatchPosition Position = new(Epoch: 1, Sequence: 0, Step: 12, Revision: 0, ByteString.Empty);

    [Fact]
    public void Draw_BeforeTheFirstFrame_SaysThatItWaits() => Assert.Equal(["waiting for the first frame  ? keys"], Show(View(), 80, 24));

    [Fact]
    public void Draw_Frame_ShowsPictureBarAndFacts()
    {
        var view = View();
        view.Take(Frame(Position, [-0.09, -0.07, -0.09, -0.07]));
        view.Take(Run(RunState.Paused));

        // 2 x 2 cells in 2 lines of 2 pixels: each cell takes 2 x 2 of them.
        Assert.Equal(["  @@", "  @@", "-90 [   ..::--==++**##%%@@] -70 mV", "step 12  paused  ? keys"], Show(view, 34, 4));
    }

    [Fact]
    public void Draw_WideWindow_TellsMore()
    {
        var view = View();
        view.Take(Run(RunState.Running, stepsPerSecond: 30));
        view.Take(Frame(Position with { Revision = 2 }, [0, 0.001, 0, 0.001]));
        view.Take(new GapEvent(Position, GapReason.SlowWatcher, FirstAvailableStep: 20, DroppedFrames: 7));

        Assert.Equal("step 12  30 steps/s  ? keys  3 growth events  revision 2  7 frames skipped", Show(view, 100, 24)[^1]);
    }

    [Fact]
    public void Draw_ServerAway_CountsDownUntilTheNextFrame()
    {
        var view = View();
        view.Take(Frame(Position, [0, 0.001, 0, 0.001]));
        view.Away("UNAVAILABLE: gone", Now + TimeSpan.FromSeconds(2.5));

        Assert.Equal("server away, trying again in 3 s: UNAVAILABLE: gone", Show(view, 80, 24)[^1]);
        Assert.Equal("server away, trying again in 3 s", Show(view, 40, 24)[^1]);
        Assert.Equal("server away, 3 s", Show(view, 20, 10)[^1]);
        Assert.Equal("server away, trying again now: UNAVAILABLE: gone", Show(view, 80, 24, Now + TimeSpan.FromSeconds(3))[^1]);

        view.Take(Frame(Position with { Step = 13 }, [0, 0.001, 0, 0.001]));
        Assert.StartsWith("step 13  ", Show(view, 80, 24)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_WordsOfAServerThatMoveTheCursor_StayInTheirLine()
    {
        var view = View();
        view.Take(Frame(Position, [0, 0.001, 0, 0.001]));
        view.Away("UNAVAILABLE: \e[2Jgone\r\nfor good", Now + TimeSpan.FromSeconds(2.5));

        Assert.Equal("server away, trying again in 3 s: UNAVAILABLE:  [2Jgone  for good", Show(view, 80, 24)[^1]);
    }

    [Fact]
    public void Draw_EveryWindow_StaysWithinIt()
    {
        var view = View();
        view.Take(Frame(Position, [0, 1, 0, 1]));
        view.Take(Run(RunState.Running));
        view.Note("something that the user should know");
        Press(view, ConsoleKey.DownArrow);
        for (var help = 0; help < 2; help++)
        {
            foreach (var (width, height) in from width in Enumerable.Range(1, 90) from height in Enumerable.Range(1, 30) select (width, height))
            {
                // The screen refuses lines that are too long; what goes over the top is torn.
                var screen = new VirtualScreen(width, height);
                screen.Write(view.Draw(width, height, Now));
                Assert.Empty(screen.Scrolled);
            }

            Press(view, 'h');
        }
    }

    [Fact]
    public void Draw_SecondFrame_LeavesNothingOfTheFirst()
    {
        var view = View();
        var screen = new VirtualScreen(40, 10);
        view.Take(Frame(Position, [0, 1, 0, 1]));
        screen.Write(view.Draw(40, 10, Now));
        Press(view, 'h');
        screen.Write(view.Draw(40, 10, Now));
        Press(view, 'h');
        screen.Write(view.Draw(40, 10, Now));

        Assert.Equal(Show(view, 40, 10), screen.Lines.Take(Show(view, 40, 10).Length));
    }

    [Fact]
    public void Draw_GivenRange_IsKept()
    {
        var view = new LiveView(new TerminalPicture(TerminalColors.None, hasBlocks: false), RangeRule.Fixed(-100, 100), region: null, canCut: true);
        view.Take(Frame(Position, [0, 0, 0, 0]));

        Assert.Contains(Show(view, 80, 24), line => line.StartsWith("-100 [", StringComparison.Ordinal) && line.EndsWith("] 100 mV", StringComparison.Ordinal));
    }

    [Fact]
    public void Press_R_FixesTheRangeUntilItIsPressedAgain()
    {
        var view = View();
        view.Take(Frame(Position, [-0.09, -0.07, -0.09, -0.07]));
        Press(view, 'r');
        view.Take(Frame(Position with { Step = 13 }, [-0.05, -0.01, -0.05, -0.01]));
        Assert.Contains(Show(view, 80, 24), line => line.EndsWith("-70 mV", StringComparison.Ordinal));

        Press(view, 'r');
        Assert.Contains(Show(view, 80, 24), line => line.StartsWith("-50 [", StringComparison.Ordinal) && line.EndsWith("-10 mV", StringComparison.Ordinal));
    }

    [Fact]
    public void Press_Arrows_MoveTheCursorCellByCell()
    {
        var view = View();
        view.Take(Frame(Position, [0, 0.001, 0.002, 0.003]));
        Press(view, ConsoleKey.DownArrow);
        Assert.Contains("cell 1,1: 3.0 mV", Show(view, 80, 24)[^1], StringComparison.Ordinal);
        Press(view, ConsoleKey.UpArrow);
        Press(view, ConsoleKey.LeftArrow);
        Press(view, ConsoleKey.LeftArrow);
        Assert.Contains("cell 0,0: 0.0 mV", Show(view, 80, 24)[^1], StringComparison.Ordinal);
        Assert.StartsWith("X", Show(view, 80, 24)[0], StringComparison.Ordinal);
        Press(view, ConsoleKey.RightArrow);
        Press(view, ConsoleKey.RightArrow);
        Assert.Contains("cell 0,1: 1.0 mV", Show(view, 80, 24)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Cut_LargeField_FitsTheWindow()
    {
        var view = View();
        view.Take(Run(RunState.Running, gridSize: 1024));

        // 22 lines of 2 pixels: 23 cells to a pixel.
        Assert.Equal(new FrameCut(null, 23), view.Cut(80, 24));
        Assert.Equal(new FrameCut(null, 1024 / 2 / 58), view.Cut(200, 60));
        Assert.Equal(new FrameCut(null, 64), view.Cut(20, 10));
    }

    [Fact]
    public void Cut_ZoomedAtTheCursor_IsFinerAndStaysInTheField()
    {
        var view = View();
        view.Take(Run(RunState.Running, gridSize: 1024));
        Press(view, 'z');
        Assert.Equal(new FrameCut(new CellArea(256, 256, 512, 512), 11), view.Cut(80, 24));

        // To the rim, and further in.
        Press(view, ConsoleKey.LeftArrow);
        foreach (var _ in Enumerable.Range(0, 100))
        {
            Press(view, ConsoleKey.LeftArrow);
        }

        Press(view, 'z');
        Assert.Equal(new FrameCut(new CellArea(384, 0, 256, 256), 5), view.Cut(80, 24));
        foreach (var _ in Enumerable.Range(0, 20))
        {
            Press(view, 'z');
        }

        Assert.Equal(new FrameCut(new CellArea(508, 0, 8, 8), 1), view.Cut(80, 24));
        foreach (var _ in Enumerable.Range(0, 20))
        {
            Press(view, 'Z');
        }

        Assert.Equal(new FrameCut(null, 23), view.Cut(80, 24));
    }

    [Fact]
    public void Cut_UserHasChosen_IsLeftAlone() =>
        Assert.Null(new LiveView(new TerminalPicture(TerminalColors.None, hasBlocks: false), RangeRule.Each, region: null, canCut: false).Cut(80, 24));

    [Fact]
    public void Draw_FrameOfBeforeTheZoom_IsCutToWhatIsShown()
    {
        var view = View();
        view.Take(Run(RunState.Running, gridSize: 16));

        // Only the middle is high.
        view.Take(Frame(Position, [.. Enumerable.Range(0, 256).Select(i => i / 16 is >= 4 and < 12 && i % 16 is >= 4 and < 12 ? 0.01 : 0.0)], 16));
        Press(view, 'z');

        Assert.All(Show(view, 16, 10)[..4], line => Assert.Equal("@@@@@@@@", line[..8]));
    }

    [Fact]
    public void InjectionArea_Anywhere_LiesInTheField()
    {
        var view = View();
        view.Take(Run(RunState.Running, gridSize: 16));
        Assert.Equal(new CellArea(7, 7, 3, 3), view.InjectionArea(80, 24));
        foreach (var _ in Enumerable.Range(0, 20))
        {
            Press(view, ConsoleKey.UpArrow);
        }

        Assert.Equal(new CellArea(0, 7, 3, 3), view.InjectionArea(80, 24));
    }

    [Fact]
    public void Last_AfterTheEnd_LeavesThePictureAndHowItEnded()
    {
        var view = View();
        Assert.Empty(view.Last(80, 24));
        view.Take(Frame(Position, [-0.09, -0.07, -0.09, -0.07]));
        view.Take(new EndEvent(Position, EndReason.Stopped, "", ByteString.Empty));

        Assert.Equal("step 12  ended: stopped  3 growth events", view.Last(80, 24).Last());
    }

    private static LiveView View() => new(new TerminalPicture(TerminalColors.None, hasBlocks: false), RangeRule.Each, region: null, canCut: true);

    private static Run Run(RunState state, double stepsPerSecond = 0, int gridSize = 2) =>
        new() { State = state, StepsPerSecond = stepsPerSecond, Spec = new SimulationSpec { GridSize = gridSize } };

    private static FrameEvent Frame(WatchPosition position, ReadOnlySpan<double> volts, int extent = 2) =>
        new(position, volts.ToField(extent, extent), new FrameFacts { GrowthEventCount = 3 }, IsDelta: false);

    private static void Press(LiveView view, char key) => Assert.True(view.Press(new ConsoleKeyInfo(key, ConsoleKey.None, false, false, false), 80, 24));

    private static void Press(LiveView view, ConsoleKey key) => Assert.True(view.Press(new ConsoleKeyInfo('\0', key, false, false, false), 80, 24));

    private static string[] Show(LiveView view, int width, int height, DateTimeOffset? now = null)
    {
        var screen = new VirtualScreen(width, height);
        screen.Write(view.Draw(width, height, now ?? Now));
        Assert.Empty(screen.Scrolled);
        return [.. screen.Lines.Reverse().SkipWhile(line => line == "").Reverse()];
    }
}
