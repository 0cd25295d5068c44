using Mfn.Cli;
using Mfn.Cli.Topics;

namespace Mfn.Server.Tests.Cli.Topics;

public sealed class HelpCommandTests
{
    public static TheoryData<string> Names => [.. Topic.All.Select(topic => topic.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Topic_Text_IsPlainAndFits(string name)
    {
        const int Width = 80;

        var lines = Topic.All.Single(topic => topic.Name == name).Read(Width).Split('\n');

        Assert.True(lines.Length > 5);
        Assert.All(lines, line =>
        {
            Assert.DoesNotContain("](", line, StringComparison.Ordinal);
            Assert.DoesNotContain("```", line, StringComparison.Ordinal);
            Assert.DoesNotContain("<!--", line, StringComparison.Ordinal);
            // What is longer is code, or one word.
            Assert.True(line.Length <= Width || line.StartsWith("    ", StringComparison.Ordinal) || !line.Trim().Contains(' ', StringComparison.Ordinal), line);
        });
    }

    [Fact]
    public void Topic_All_HideNoCommand() =>
        Assert.Empty(Topic.All.Select(topic => topic.Name).Intersect(MfnCommand.Create().Subcommands.Select(command => command.Name)));

    [Fact]
    public async Task Help_Page_IsTheWholePage()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("help", "performance");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.StartsWith("PERFORMANCE", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_Alone_ListsTopicsAndCommands()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("help");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.All(Topic.All, topic => Assert.Contains($"  {topic.Name} ", output, StringComparison.Ordinal));
        Assert.Contains("  simulate ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status codes")]
    [InlineData("status-codes")]
    [InlineData("Status-Codes")]
    public async Task Help_Topic_IsASectionOfTheDocumentation(string words)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(["help", .. words.Split(' ')]);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.StartsWith("STATUS CODES", output, StringComparison.Ordinal);
        Assert.Contains("INVALID_ARGUMENT", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("simulate")]
    [InlineData("run watch")]
    public async Task Help_Command_IsItsHelp(string words)
    {
        var expected = await MfnProcess.RunAsync([.. words.Split(' '), "--help"]);

        Assert.Equal(expected, await MfnProcess.RunAsync(["help", .. words.Split(' ')]));
    }

    [Theory]
    [InlineData("setings", "; did you mean settings? 'mfn help' lists them.")]
    [InlineData("simulat", "; did you mean simulate? 'mfn help' lists them.")]
    [InlineData("run wacth", "; did you mean run watch? 'mfn help' lists them.")]
    [InlineData("nothing like it", ". 'mfn help' lists them.")]
    public async Task Help_UnknownTopic_SaysWhatIsNear(string words, string rest)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(["help", .. words.Split(' ')]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Equal($"mfn: There is no topic or command '{words}'{rest}", error.TrimEnd());
    }
}
