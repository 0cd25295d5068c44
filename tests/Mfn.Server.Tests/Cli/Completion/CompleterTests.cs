using System.CommandLine;
using Mfn.Cli;
using Mfn.Cli.Completion;

namespace Mfn.Server.Tests.Cli.Completion;

/// <summary>What can stand for the last word, without a shell; the shells themselves are typed at in tests/Mfn.Newcomer.Tests.</summary>
public sealed class CompleterTests
{
    [Theory]
    [InlineData("sim", "simulate")]
    [InlineData("run wat", "watch")]
    [InlineData("simulate --grid 8 --turing-t", "--turing-threshold")]
    [InlineData("simulate --precision=f3", "--precision=f32")]
    [InlineData("simulate --precision f3", "f32")]
    [InlineData("completion ", "bash zsh fish")]
    [InlineData("run steer X pau", "pause")]
    [InlineData("run steer X add --millivolts 5 --ro", "--row --rows")]
    [InlineData("simulate --kinetics g", "gierer-meinhardt gray-scott")]
    [InlineData("simulate --kinetics gray-scott:", "gray-scott:Du= gray-scott:Dv= gray-scott:F= gray-scott:k=")]
    [InlineData("simulate --kinetics gray-scott:F=0.04,D", "gray-scott:F=0.04,Du= gray-scott:F=0.04,Dv=")]
    [InlineData("run create --kinetics=gray-scott:F=0.04,k=0.06,Du=1,", "--kinetics=gray-scott:F=0.04,k=0.06,Du=1,Dv=")]
    [InlineData("run watch X --species ", "activator inhibitor potential u v")]
    [InlineData("simulate --grid ", "")]
    [InlineData("simulate --no-such-option=", "")]
    [InlineData("no-such-command ", "--help --version")]
    public void Complete_Words_OffersWhatCanStand(string line, string expected)
    {
        var answer = Complete(line);

        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), answer.Candidates.Select(candidate => candidate.Value));
        Assert.Equal(PathKind.None, answer.Paths);
    }

    [Theory]
    [InlineData("simulate --out ", nameof(PathKind.File))]
    [InlineData("serve --config=", nameof(PathKind.File))]
    [InlineData("features ", nameof(PathKind.File))]
    [InlineData("aggregate ", nameof(PathKind.File))]
    [InlineData("run export X ", nameof(PathKind.File))]
    [InlineData("run watch X --out ", nameof(PathKind.Folder))]
    [InlineData("simulate --out-frames ", nameof(PathKind.Folder))]
    public void Complete_Path_IsLeftToTheShell(string line, string expected) => Assert.Equal(expected, Complete(line).Paths.ToString());

    [Fact]
    public void Complete_ValueOfAnyOption_KnowsPathsAndChoices()
    {
        var root = MfnCommand.Create();
        var options = from command in Below(root)
                      from option in command.Options
                      where option.Arity.MinimumNumberOfValues > 0 && option.HelpName is not null
                      select (Path: string.Join(' ', PathOf(command)), option.Name, HelpName: option.HelpName!);

        Assert.All(options, option =>
        {
            var answer = Complete($"{option.Path} {option.Name} ".TrimStart());
            if (option.HelpName.Contains('|', StringComparison.Ordinal) && !option.HelpName.Any(char.IsAsciiLetterUpper))
            {
                Assert.Equal(option.HelpName.Split('|').Order(), answer.Candidates.Select(candidate => candidate.Value).Order());
            }
            else if (option.Name is "--out" or "--config" or "--svg" or "--resume" || option.Name.StartsWith("--tls-", StringComparison.Ordinal))
            {
                Assert.NotEqual(PathKind.None, answer.Paths);
            }
            else if (option.HelpName.Length < 4)
            {
                Assert.Equal((PathKind.None, 0), (answer.Paths, answer.Candidates.Count));
            }
        });
    }

    [Fact]
    public void Complete_OptionThatIsGiven_IsNotOfferedAgain()
    {
        Assert.Contains("--grid", Complete("simulate --").Candidates.Select(candidate => candidate.Value));
        Assert.DoesNotContain("--grid", Complete("simulate --grid 8 --").Candidates.Select(candidate => candidate.Value));
        Assert.Contains("--set", Complete("serve --set A=1 --").Candidates.Select(candidate => candidate.Value));
    }

    [Fact]
    public void Complete_Option_HasItsMeaningBesideIt() =>
        Assert.Equal("Seed of the random numbers: 0 to 2^63-1", Assert.Single(Complete("simulate --seed").Candidates).Description);

    [Fact]
    public async Task Query_OfTheExecutable_IsKindThenALineACandidate()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("[complete]", "simulate", "--variant", "");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(["none", "engine\t", "model\t"], output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Version_SaysCommitAndRuntime()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("--version");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Matches(@$"^mfn \d+\.\d+\.\d+ \((commit [0-9a-f]{{12}}, )?\.NET {Environment.Version}, [a-z0-9-]+\)\s*$", output);
    }

    private static IEnumerable<Command> Below(Command command) => command.Subcommands.SelectMany(Below).Prepend(command);

    private static IEnumerable<string> PathOf(Command command) =>
        command is RootCommand ? [] : PathOf(command.Parents.OfType<Command>().Single()).Append(command.Name);

    private static CompletionAnswer Complete(string line) => Completer.Complete(MfnCommand.Create(), line.Split(' '));
}
