using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli;

/// <summary>Every command against everything that any command has to get right: exit code, stream, no stack trace, and the schema of its answer.</summary>
public sealed partial class CommandTableTests(CommandTable table) : IClassFixture<CommandTable>
{
    private const int BadArguments = 2;
    private const int ReaderLeft = 141;

    private static readonly string Schemas = Path.Combine(AppContext.BaseDirectory, "Schemas");

    public static TheoryData<string> Every => [.. CommandTable.Commands.Keys];

    public static TheoryData<string> Answering => [.. CommandTable.Commands.Keys.Except(CommandTable.WithoutAnswer)];

    public static TheoryData<string> Ending => [.. CommandTable.Commands.Keys.Where(path => path != "serve")];

    public static TheoryData<string> Calling => [.. CommandTable.Commands.Keys.Where(CommandTable.CallsServers)];

    [Theory, MemberData(nameof(Every))]
    public async Task Help_IsOnStandardOutput(string path)
    {
        var (exitCode, output, error) = await InProcess.RunAsync([.. path.Split(' '), "--help"]);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
        Assert.All(CommandTable.Commands[path].Options.Where(option => !option.Hidden), option => Assert.Contains(option.Name, output, StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Every))]
    public async Task UnknownFlag_IsNamed(string path)
    {
        var (exitCode, output, error) = await InProcess.RunAsync([.. path.Split(' '), "--no-such-flag"]);

        Assert.Equal((BadArguments, ""), (exitCode, output));
        Assert.Contains("mfn: There is no option --no-such-flag", error, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Answering))]
    public async Task Json_IsWhatItsSchemaSays(string path)
    {
        var (exitCode, output, error) = await table.RunAsync(path, ["--json"]);

        Assert.True(exitCode == 0, error);
        RequireNoTrace(error);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var file = Path.Combine(Schemas, $"{path.Replace(' ', '-')}.json");
        Assert.True(File.Exists(file), $"There is no schema for 'mfn {path}'.");
        var text = await File.ReadAllTextAsync(file);
        var schema = JsonSchema.FromText(text);
        Assert.NotEmpty(lines);
        foreach (var line in lines)
        {
            using var answer = JsonDocument.Parse(line);
            var found = schema.Evaluate(answer.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
            Assert.True(found.IsValid, $"{line}\n{Describe(found)}");
        }

        using var described = JsonDocument.Parse(text);
        if (described.RootElement.TryGetProperty("properties", out var properties))
        {
            using var answer = JsonDocument.Parse(lines[0]);
            var order = properties.EnumerateObject().Select(property => property.Name).ToList();
            Assert.Equal(order.Where(name => answer.RootElement.TryGetProperty(name, out _)), answer.RootElement.EnumerateObject().Select(property => property.Name));
        }
    }

    [Theory, MemberData(nameof(Answering))]
    public async Task JsonLines_IsAnObjectALine(string path)
    {
        var (exitCode, output, error) = await table.RunAsync(path, ["-o", "jsonl", "-q"]);

        Assert.Equal((0, ""), (exitCode, error));
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var answer = JsonDocument.Parse(line);
            Assert.Equal(JsonValueKind.Object, answer.RootElement.ValueKind);
        }
    }

    [Theory, MemberData(nameof(Calling))]
    public async Task NoServer_IsToldInPlainWords(string path)
    {
        var (exitCode, output, error) = await table.RunAsync(path, ["--server", "http://127.0.0.1:1", .. path == "run watch" ? ["--patience", "0"] : Array.Empty<string>()]);

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Equal("mfn: no server at http://127.0.0.1:1; start one with `mfn serve` or name one with --server\n", error);
    }

    [Fact]
    public async Task DeadServer_IsGivenUp()
    {
        await using var server = new SilentServer();

        var told = await Task.WhenAll(CommandTable.Commands.Keys.Where(CommandTable.CallsServers).Select(async path =>
            (Path: path, Result: await table.RunAsync(path, ["--server", server.Address, "--timeout", "2", .. path == "run watch" ? ["--patience", "0"] : Array.Empty<string>()])))).Within();

        Assert.All(told, each =>
        {
            Assert.Equal((each.Path, 1, ""), (each.Path, each.Result.ExitCode, each.Result.Output));
            Assert.Contains($"no answer from {server.Address}", each.Result.Error, StringComparison.Ordinal);
            RequireNoTrace(each.Result.Error);
        });
    }

    [Theory, MemberData(nameof(Ending))]
    public async Task BadPath_IsNamed(string path)
    {
        const string Nowhere = "/dev/null/nowhere";
        foreach (var option in CommandTable.Paths(CommandTable.Commands[path]))
        {
            // What makes the option apply.
            string[] more = option.Name is "--token-file" or "--tls-ca" or "--tls-cert" or "--tls-key" ? ["--server", "https://127.0.0.1:1"] : [];
            if (option.Name is "--tls-cert" or "--tls-key")
            {
                more = [.. more, option.Name == "--tls-cert" ? "--tls-key" : "--tls-cert", Nowhere];
            }

            var (exitCode, output, error) = option.Name is "--mask" or "--initial"
                ? await InProcess.RunAsync([.. path.Split(' '), "--kinetics", "gray-scott", option.Name, Nowhere, .. table.ServerOf(path)])
                : await table.RunAsync(path, [option.Name, Nowhere, .. more]);

            Assert.Equal((option.Name, BadArguments, ""), (option.Name, exitCode, output));
            Assert.Contains(Nowhere, error, StringComparison.Ordinal);
            RequireNoTrace(error);
        }

        var line = await table.LineAsync(path);
        for (var i = 1; i < line.Length; i++)
        {
            if (Path.IsPathRooted(line[i]))
            {
                var (exitCode, output, error) = await InProcess.RunAsync([.. line[..i], Nowhere, .. line[(i + 1)..], .. table.ServerOf(path)]);

                Assert.Equal((BadArguments, ""), (exitCode, output));
                Assert.Contains(Nowhere, error, StringComparison.Ordinal);
                RequireNoTrace(error);
            }
        }
    }

    [Theory, MemberData(nameof(Ending))]
    public async Task ClosedPipe_EndsTheCommandSilently(string path)
    {
        using var process = MfnProcess.Start(table.NewEnvironment(), [.. await table.LineAsync(path), .. table.ServerOf(path)]);
        process.Output.Dispose();

        // Somebody who watches has seen enough; every other answer is not complete.
        Assert.Equal(path == "run watch" ? 0 : ReaderLeft, await process.ExitCodeAsync());
        RequireNoTrace(await process.Error);
        Assert.DoesNotContain("mfn: ", await process.Error, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Ending))]
    public async Task Piped_HasNoControlCharacters(string path)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(table.NewEnvironment(), [.. await table.LineAsync(path), .. table.ServerOf(path)]);

        Assert.True(exitCode == 0, error);
        Assert.NotEqual("", output);
        Assert.DoesNotContain('\e', output);
        Assert.DoesNotContain('\e', error);
        RequireNoTrace(error);
    }

    [Theory, MemberData(nameof(Ending))]
    public async Task Terminal_IsLeftAsItWas(string path)
    {
        var (exitCode, screen) = await Pseudoterminal.RunAsync(table.NewEnvironment(), [.. await table.LineAsync(path), .. table.ServerOf(path)]);

        Assert.True(exitCode == 0, screen);
        RequireNoTrace(screen);
        Assert.Equal(screen.Split("\e[?1049h").Length, screen.Split("\e[?1049l").Length);
        Assert.False(screen.LastIndexOf("\e[?25l", StringComparison.Ordinal) > screen.LastIndexOf("\e[?25h", StringComparison.Ordinal), "The cursor is hidden.");
    }

    [Theory, MemberData(nameof(Ending))]
    public async Task NoColor_TerminalHasNoColours(string path)
    {
        var environment = new Dictionary<string, string>(table.NewEnvironment()) { ["NO_COLOR"] = "1" };

        var (exitCode, screen) = await Pseudoterminal.RunAsync(environment, [.. await table.LineAsync(path), .. table.ServerOf(path)]);

        Assert.True(exitCode == 0, screen);
        Assert.DoesNotMatch(Colour(), screen);
    }

    [Fact]
    public void Every_CommandWithAnAnswer_HasTheOptionsOfAnswers() => Assert.All(
        CommandTable.Commands.Where(each => !CommandTable.WithoutAnswer.Contains(each.Key)),
        each => Assert.Superset(
            new HashSet<string> { "--output", "--json", "--quiet", "--verbose" }, each.Value.Options.Select(option => option.Name).ToHashSet()));

    private static void RequireNoTrace(string error) => Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);

    private static string Describe(EvaluationResults results) => string.Join(
        '\n', (results.Details ?? []).Where(detail => detail.Errors is not null).Select(detail => $"{detail.InstanceLocation}: {string.Join("; ", detail.Errors!.Values)}"));

    [GeneratedRegex(@"\e\[(?:[0-9;]*;)?(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")]
    private static partial Regex Colour();
}
