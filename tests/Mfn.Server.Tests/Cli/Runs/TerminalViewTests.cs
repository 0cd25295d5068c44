using Google.Protobuf;
using Mfn.Cli.Pictures;
using Mfn.Cli.Runs;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Cli.Runs;

public sealed class TerminalViewTests
{
    private static readonly WatchPosition Position = new(Epoch: 1, Sequence: 0, Step: 12, Revision: 0, ByteString.Empty);

    [Fact]
    public void Draw_BeforeTheFirstFrame_SaysThatItWaits() =>
        Assert.Equal("\e[H\e[Kwaiting for the first frame  q quits\e[J", View().Draw(80, 24));

    [Fact]
    public void Draw_Frame_ShowsItAndALineAboutIt()
    {
        var view = View();
        view.Take(Frame(Position, [-0.09, -0.07, -0.09, -0.07]));

        Assert.Equal("\e[H\e[K @\r\n\e[Kstep 12  -90.0 to -70.0 mV  growth events 3  q quits\e[J", view.Draw(80, 2));
    }

    [Fact]
    public void Draw_GapAndTrouble_AreInTheLineUntilTheNextFrame()
    {
        var view = View();
        view.Take(Frame(Position with { Revision = 2 }, [0, 0.001, 0, 0.001]));
        view.Take(new GapEvent(Position, GapReason.SlowWatcher, FirstAvailableStep: 20, DroppedFrames: 7));
        view.Note("UNAVAILABLE: gone");
        Assert.EndsWith("step 12  revision 2  0.0 to 1.0 mV  growth events 3  7 frames skipped  UNAVAILABLE: gone  q quits\e[J", view.Draw(120, 5), StringComparison.Ordinal);

        view.Take(Frame(Position with { Step = 20 }, [0, 0.001, 0, 0.001]));
        Assert.EndsWith("step 20  0.0 to 1.0 mV  growth events 3  7 frames skipped  q quits\e[J", view.Draw(120, 5), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 5)]
    [InlineData(3, 3)]
    [InlineData(1, 1)]
    public void Draw_SmallWindow_StaysWithinIt(int width, int height)
    {
        var view = View();
        view.Take(Frame(Position, [0, 1, 0, 1]));

        var lines = view.Draw(width, height).Replace("\e[H", "").Replace("\e[K", "").Replace("\e[J", "").Split("\r\n");
        Assert.InRange(lines.Length, 1, height);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
    }

    [Fact]
    public void Draw_GivenRange_IsKept()
    {
        var view = new TerminalView(new ColorRange(-0.1, 0.1), isColored: false);
        view.Take(Frame(Position, [0, 0, 0, 0]));

        Assert.Contains("-100.0 to 100.0 mV", view.Draw(80, 24), StringComparison.Ordinal);
    }

    private static TerminalView View() => new(range: null, isColored: false);

    private static FrameEvent Frame(WatchPosition position, ReadOnlySpan<double> volts) =>
        new(position, volts.ToField(2, 2), new FrameFacts { GrowthEventCount = 3 }, IsDelta: false);
}
