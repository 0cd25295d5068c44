using System.Text.RegularExpressions;
using Mfn.Cli.Top;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Cli.Top;

public sealed partial class TopViewTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly TopView _view = new("http://lab:50051", TopTable.RunOrders[0]);

    public TopViewTests()
    {
        _view.Take(new ServerSight(Pages.Time.AddSeconds(-10), Pages.First, [Run('a', 0, 5), Run('b', 100, 1), Run('c', 0, 0)], ""));
        _view.Take(new ServerSight(Pages.Time, Pages.Second, [Run('a', 10, 5), Run('b', 300, 1), Run('c', 0, 0)], ""));
    }

    [Theory]
    [InlineData(20, 4)]
    [InlineData(20, 10)]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    public void Draw_AnyWindow_IsFilledAndNoWider(int width, int height)
    {
        var lines = Draw(width, height);

        Assert.Equal(height, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        Assert.StartsWith("NOT READY  disk", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_TellsWhatWasSeen()
    {
        var screen = string.Join('\n', Draw(120, 24));

        Assert.Contains("10/s  1 open  0.5 failed/s", screen, StringComparison.Ordinal);
        Assert.Contains("300 B of 1000 B", screen, StringComparison.Ordinal);
        Assert.Contains("50 % of 2 threads", screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_SortTurnAndShowMethods()
    {
        Assert.Equal("bac", Order());
        Press('r');
        Assert.Equal("cab", Order());
        Press('r');
        Press('s');
        Assert.Equal("abc", Order());
        Assert.Contains("by watchers", Draw(120, 24)[^1], StringComparison.Ordinal);

        Press('m');
        var screen = string.Join('\n', Draw(120, 24));
        Assert.Matches(@"Get +10 +0\.5 +1 +550 ms +s", screen);
        Assert.DoesNotContain("STEPS/S", screen, StringComparison.Ordinal);
        Press('?');
        Assert.Contains("quits", string.Join('\n', Draw(120, 24)), StringComparison.Ordinal);
        Assert.False(_view.Press(new ConsoleKeyInfo('x', ConsoleKey.X, false, false, false)));
    }

    [Fact]
    public void Away_IsToldAndCountedDownUntilTheNextSight()
    {
        _view.Away("no answer", Pages.Time.AddSeconds(2));

        Assert.Equal("server away, trying again in 2 s: no answer", Draw(120, 24)[^1]);
        Assert.Equal("bac", Order());
        _view.Take(new ServerSight(Pages.Time.AddSeconds(2), Pages.Second, null, "PERMISSION_DENIED: no"));
        Assert.Contains("PERMISSION_DENIED: no", Draw(120, 24)[^1], StringComparison.Ordinal);
    }

    /// <summary>Without colours there is no escape but those that place the text.</summary>
    [Fact]
    public void Draw_WithoutStyle_HasNone()
    {
        Assert.DoesNotMatch(@"\e\[[0-9;]*m", _view.Draw(80, 24, hasStyle: false, Interval, Pages.Time));
        Assert.Matches(@"\e\[1mRUN", _view.Draw(80, 24, hasStyle: true, Interval, Pages.Time));
    }

    private static Run Run(char id, long step, int watchers) => new()
    {
        RunId = new string(id, 32),
        State = RunState.Running,
        Step = step,
        WatcherCount = watchers,
        Spec = new SimulationSpec { GridSize = 16 },
    };

    private void Press(char key) => Assert.True(_view.Press(new ConsoleKeyInfo(key, ConsoleKey.None, false, false, false)));

    private string[] Draw(int width, int height) => Escape().Replace(_view.Draw(width, height, hasStyle: true, Interval, Pages.Time), "").Split("\r\n");

    private string Order() => string.Concat(Draw(120, 24).Where(line => Regex.IsMatch(line, "^([abc])\\1{7}")).Select(line => line[0]));

    [GeneratedRegex(@"\e\[[0-9;]*[A-Za-z]")]
    private static partial Regex Escape();
}
