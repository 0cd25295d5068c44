using System.Text;
using Mfn.Cli.Terminals;

namespace Mfn.Server.Tests.Cli.Terminals;

public sealed class TerminalKindTests
{
    [Theory]
    [InlineData("xterm-256color", "truecolor", "", "True", true, true)]
    [InlineData("xterm-256color", "24bit", "", "True", true, true)]
    [InlineData("xterm-kitty", "", "", "True", true, true)]
    [InlineData("xterm-256color", "", "", "Palette", true, true)]
    [InlineData("tmux-256color", "", "", "Palette", true, true)]
    [InlineData("xterm", "", "", "Palette", true, true)]
    [InlineData("vt100", "", "", "None", false, true)]
    [InlineData("xterm-256color", "truecolor", "1", "None", false, true)]
    [InlineData("dumb", "truecolor", "", "None", false, false)]
    public void Detect_Environment_TellsWhatTheTerminalCan(string term, string colorTerm, string noColor, string colors, bool hasBlocks, bool canMove)
    {
        var variables = new Dictionary<string, string> { ["TERM"] = term, ["COLORTERM"] = colorTerm, ["NO_COLOR"] = noColor };

        Assert.Equal(new TerminalKind(Enum.Parse<TerminalColors>(colors), hasBlocks, canMove), TerminalKind.Detect(variables.GetValueOrDefault, new UTF8Encoding()));
        Assert.False(TerminalKind.Detect(variables.GetValueOrDefault, Encoding.Latin1).HasBlocks);
    }
}
