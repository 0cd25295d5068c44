using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mfn.Cli;
using Mfn.Cli.Flags;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli;

/// <summary>What commands say beside their answers: errors by flag, hints, what is called; and how runs are named.</summary>
public sealed partial class DialectTests(CommandTable table) : IClassFixture<CommandTable>
{
    private const string FarOut = "-987654321";

    // Concentrations may be larger than any other number.
    private static string Out(string option) => option is "--amount" or "--spot-threshold" ? "-9876543210" : FarOut;

    // They take it, or are refused with others before the server sees them.
    public static TheoryData<string, string> Numbers
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (path, command) in CommandTable.Commands.Where(each => CommandTable.CallsServers(each.Key) || each.Key == "attack"))
            {
                foreach (var option in command.Options.Where(option => option.ValueType == typeof(int?) || option.ValueType == typeof(long?) || option.ValueType == typeof(double?)))
                {
                    data.Add(path, option.Name);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Numbers))]
    public async Task NumberOutOfRange_IsToldByItsFlag(string path, string option)
    {
        var line = await LineAsync(path, option);
        var (exitCode, _, error) = await InProcess.RunAsync([.. line, option, Out(option), .. table.ServerOf(path)]);

        if (option == "--threshold")
        {
            // Any potential can be one.
            Assert.Equal(0, exitCode);
            return;
        }

        Assert.Equal(2, exitCode);
        Assert.Contains(option, error, StringComparison.Ordinal);
        Assert.DoesNotMatch(WireName(), error);
    }

    [Theory, MemberData(nameof(Numbers))]
    public async Task NumberOutOfRange_BesideAWordThatIsNoOption_IsToldAsTheServerDoes(string path, string option)
    {
        if (option == "--threshold")
        {
            return;
        }

        var line = await LineAsync(path, option);

        var (exitCode, _, error) = await InProcess.RunAsync([.. line, option, Out(option), "--no-such-option", .. table.ServerOf(path)]);
        var (_, _, alone) = await InProcess.RunAsync([.. line, option, Out(option), .. table.ServerOf(path)]);

        Assert.Equal(2, exitCode);
        Assert.Contains("mfn: There is no option --no-such-option.\n", error, StringComparison.Ordinal);
        var told = alone.Split('\n').First(each => each.Contains(option, StringComparison.Ordinal));
        if (IsOpenEnded(path, option) || !told.Contains(" must be ", StringComparison.Ordinal))
        {
            Assert.Contains($"mfn: {option} must be ", error, StringComparison.Ordinal);
            return;
        }

        Assert.Contains($"{told}\n", error, StringComparison.Ordinal);

        // What else it depends on cannot be known before all of the command line is.
        static bool IsOpenEnded(string path, string option) => option switch
        {
            "--grid" or "--steps" or "--every" or "--alpha" or "--turing-threshold" or "--stop-after" => path != "validate",
            "--keep" or "--clusters" or "--bucket-size" or "--step" or "--from-step" or "--row" or "--column" or "--rows" or "--columns" or "--downsample" or "--min-box" or "--max-box" => true,
            _ => false,
        };
    }

    [Theory]
    [InlineData("simulate --grid 2 --jitter-variance 5", "--jitter-variance: only with --jitter.", "--grid must be at least 4, but was 2.", "--jitter-variance must be between 0 and 0.01, but was 5.")]
    [InlineData("simulate --grdi 5 --grid 2 --seed x --steps 0 --boundary klien --variant engin", "There is no option --grdi; did you mean --grid?", "--seed must be a whole number of at most 9223372036854775807, but was 'x'.", "--grid must be at least 4, but was 2.", "--steps must be at least 1, but was 0.", "--boundary must be periodic, neumann or dirichlet, but was 'klien'.", "--variant must be model or engine, but was 'engin'; did you mean engine?")]
    [InlineData("simulate --kinetics grey-scott --rows 3 --laplacian 7 --integrator rk4", "--kinetics must be gray-scott, fitzhugh-nagumo, schnakenberg, brusselator, gierer-meinhardt, barkley, swift-hohenberg or cubic, but was 'grey-scott'; did you mean gray-scott?", "--rows must be at least 4, but was 3.", "--laplacian must be 5 or 9, but was '7'.", "--integrator must be euler or adi, but was 'rk4'.")]
    [InlineData("simulate --kinetics gray-scott:F=2,q=1,k,Du=x,Dv=-1 --noise 1,2,3", "--kinetics gray-scott: F must be between 0 and 1, but was 2.", "--kinetics gray-scott: there is no parameter 'q', but F, k, Du, Dv.", "--kinetics gray-scott: a parameter must be NAME=NUMBER, but was 'k'.", "--kinetics gray-scott: Du must be a number, but was 'x'.", "--kinetics gray-scott: Dv must be at least 0, but was -1.", "--noise must be a number, or two with a comma between, but was '1,2,3'.")]
    [InlineData("simulate --rows 64 --initial-noise 0.1 --initial-size 3", "--rows, --initial-noise: only with --kinetics or a preset of the gallery.", "--initial-size: only with --initial-shape.")]
    [InlineData("run create --kinetics gray-scott --grid 64 --alpha 0.1", "--grid, --alpha: only without --kinetics.")]
    [InlineData("nernst --valence 9 --out-molar x --in-molar 5000", "--out-molar must be a number, but was 'x'.", "--valence must be between -3 and 3 and not 0, but was 9.", "--in-molar must be above 0 and at most 1000, but was 5000.")]
    [InlineData("aggregate --byzantine -1 --rule krm --pre nmn --timeout 1", "UPDATES is missing: files of updates, NPY or safetensors: (updates, components), or one update.", "--byzantine must be between 0 and 2147483647, but was -1.", "--rule must be krum, multi-krum, hierarchical-krum, bulyan, median, trimmed-mean, meamed, geometric-median, centered-clipping, mda or mean, but was 'krm'; did you mean krum?", "--pre must be nnm, clip, adaptive-clip or bucketing, but was 'nmn'; did you mean nnm?", "--timeout must be between 2 and 86400, but was 1.")]
    [InlineData("serve --urs x --set nope --set MaxSteps=5 --set Limits:MaxFrames=0", "There is no option --urs; did you mean --urls?", "--set must be KEY=VALUE, but was 'nope'.", "--set MaxSteps is no setting; did you mean --set Limits:MaxSteps?", "--set Limits:MaxFrames must be between 1 and 100000000, but was 0.")]
    public async Task ProblemsOfAllKinds_AreToldAtOnce(string arguments, params string[] told)
    {
        var (exitCode, output, error) = await InProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Equal(
            told.Select(each => $"mfn: {each}").Order(StringComparer.Ordinal),
            error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith("mfn: ", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    public static TheoryData<string> Paths => [.. CommandTable.Commands.Keys];

    [Theory, MemberData(nameof(Paths))]
    public void AnyWords_AreToldInTheCommandsWords(string path)
    {
        var root = MfnCommand.Create();
        var command = CommandTable.Commands[path];
        string[] values = ["", "x", "-1", "--", "=", "x=y", "@x", "1e999", "'\"", "999999999999999999999"];
        var lines = new List<string[]>([[], ["x"], ["x", "y"], ["--"], ["--", "-x"], ["-x"], ["--x=y"], ["-"], ["/x"], [""]]);
        foreach (var option in command.Options)
        {
            lines.AddRange([[option.Name], [option.Name, option.Name], [$"{option.Name}="], [option.Name, "1", option.Name, "1"], [$"{option.Name}:x"]]);
            lines.AddRange(values.SelectMany(value => new string[][] { [option.Name, value], [$"{option.Name}={value}"], [option.Name, value, value] }));
        }

        foreach (var line in lines)
        {
            var parsed = root.Parse([.. path.Split(' '), .. line], new ParserConfiguration { ResponseFileTokenReplacer = null });
            foreach (var problem in ParseProblems.Of(parsed))
            {
                Assert.True(IsOurs(problem), $"{path} {string.Join(' ', line)}: {problem}");
            }
        }

        // Ours begin with the name of what is wrong, and have none of the parser's words.
        static bool IsOurs(string problem) =>
            !ParsersWord().IsMatch(problem) && (problem[0] is '-' or '\'' or 'T' or '<' || char.IsUpper(problem[0])) && problem[^1] is '.' or '?' or '>' || problem.Contains(" needs a value: ", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run lst", 2)]
    [InlineData("nernst --valence 0 --out-molar 1 --in-molar 1", 2)]
    [InlineData("simulate --grid 8 --steps 2 --json", 0)]
    public async Task StandardError_ThatTakesNothing_ChangesNothingElse(string arguments, int expected)
    {
        using var process = MfnProcess.StartWithError("/dev/full", arguments.Split(' '));

        var output = await process.Output.ReadToEndAsync().Within();

        Assert.Equal(expected, await process.ExitCodeAsync());
        Assert.Equal(expected == 0, output.Length > 0);
    }

    [Fact]
    public async Task Help_NamesArgumentsRatherThanWhatTheyCanBe()
    {
        await using var server = await TestServer.StartAsync();
        var id = (await OutputAsync(server, "run create --grid 8 --paused --name demo -q")).TrimEnd();

        foreach (var (path, name) in new[] { ("run get", "ID"), ("run steer step", "ID"), ("run delete", "ID"), ("context use", "NAME"), ("help", "TOPIC") })
        {
            var (exitCode, output, error) = await MfnProcess.RunAsync(
                new Dictionary<string, string> { ["MFN_SERVER"] = server.Address.ToString() }, [.. path.Split(' '), "--help"]);

            Assert.Equal((0, ""), (exitCode, error));
            Assert.Matches($@"\nArguments:\n  <{name}> ", output);
            Assert.DoesNotContain("demo", output, StringComparison.Ordinal);
            Assert.DoesNotContain(id, output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("run steer x step y", "mfn: N must be a whole number of at most 9223372036854775807, but was 'y'.")]
    [InlineData("run steer x pace slow", "mfn: STEPS must be a number, but was 'slow'.")]
    [InlineData("run steer pause x", "mfn: 'mfn run steer pause' does not expect 'x'.\nmfn: ID is missing before 'pause': mfn run steer ID pause.")]
    public async Task Steer_WhatCannotBeRead_IsToldInTheCommandsWords(string arguments, string told)
    {
        var (exitCode, output, error) = await InProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith($"{told}\n", error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("step 0", "mfn: N must be between 1 and 1000000, but was 0.\n")]
    [InlineData("pace 0", "mfn: STEPS must be between 0.001 and 1000000, but was 0.\n")]
    [InlineData("set --inhibitor-rate 0.02", "mfn: --inhibitor-rate must not be set unless the run's variant is engine.\n")]
    public async Task Steer_WhatTheServerRefuses_IsToldInTheCommandsWords(string arguments, string told)
    {
        await using var server = await TestServer.StartAsync();
        var id = (await OutputAsync(server, "run create --grid 8 --paused -q")).TrimEnd();

        Assert.Equal((2, "", told), await RunAsync(server, $"run steer {id} {arguments}"));
    }

    [Fact]
    public async Task Runs_AreFoundByNameAndByPrefix()
    {
        await using var server = await TestServer.StartAsync();
        string[] ids = [.. await Task.WhenAll(Enumerable.Range(0, 17).Select(async _ => (await OutputAsync(server, "run create --grid 8 --paused -q")).TrimEnd()))];
        await OutputAsync(server, "run create --grid 8 --paused --name demo -q");

        Assert.Equal("demo", Json(await OutputAsync(server, "run get demo --json")).GetProperty("name").GetString());
        Assert.Equal(ids[0], Json(await OutputAsync(server, $"run get {ids[0][..12]} --json")).GetProperty("run_id").GetString());

        // Of 17 ids two begin alike.
        var letter = ids.GroupBy(id => id[..1]).First(group => group.Count() > 1);
        var (exitCode, output, error) = await RunAsync(server, $"run get {letter.Key}");
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains($"'{letter.Key}' is the beginning of the ids of ", error, StringComparison.Ordinal);
        Assert.Contains(letter.First(), error, StringComparison.Ordinal);

        (exitCode, _, error) = await RunAsync(server, "run create --grid 8 --name demo");
        Assert.Equal(2, exitCode);
        Assert.Contains("demo", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_Several_DoesWhatItCanAndTellsTheRest()
    {
        await using var server = await TestServer.StartAsync();
        await OutputAsync(server, "run create --grid 8 --paused --name one -q");
        await OutputAsync(server, "run create --grid 8 --paused --name two -q");

        var (exitCode, output, error) = await RunAsync(server, "run delete one nobody two --json");

        Assert.Equal(2, exitCode);
        Assert.Equal(["one", "two"], Json(output).EnumerateArray().Select(run => run.GetProperty("name").GetString()));
        Assert.Equal("mfn: NOT_FOUND: There is no run 'nobody': none has that name, and no id begins so.\n", error);
        Assert.Equal("[]\n", await OutputAsync(server, "run list --json"));
    }

    [Fact]
    public async Task Fork_Answer_HasTheStepForkedFrom()
    {
        await using var server = await TestServer.StartAsync();
        var id = (await OutputAsync(server, "run create --grid 8 --steps 6 -q")).TrimEnd();
        await OutputAsync(server, $"run watch {id} -q");

        var (exitCode, output, error) = await RunAsync(server, $"run fork {id} --step 4 --paused --name fork");
        var origin = Json(await OutputAsync(server, "run get fork --json")).GetProperty("origin");

        Assert.Equal(0, exitCode);
        Assert.Matches("^[0-9a-f]{32}\n$", output);
        Assert.Equal($"paused at step 4, revision 0, forked from step 4 of {id}; watch it: mfn run watch fork --server {server.Address}\n", error);
        Assert.Equal((id, 4), (origin.GetProperty("run_id").GetString(), origin.GetProperty("step").GetInt32()));
    }

    [Fact]
    public async Task QuietAndVerbose_SayNothingAndWhatIsCalled()
    {
        await using var server = await TestServer.StartAsync();

        var (_, _, quiet) = await RunAsync(server, "run create --grid 8 --paused -q");
        var (exitCode, output, verbose) = await RunAsync(server, "nernst --out-molar 1 --in-molar 2 -v");

        Assert.Equal("", quiet);
        Assert.Equal((0, "-18.516 mV\n"), (exitCode, output));
        Assert.Matches(
            $@"^mfn: server {Regex.Escape(server.Address.ToString())} \(--server\)\nmfn: correlation id mfn-[0-9a-f]{{32}}\nmfn: /mfn\.v1\.MembraneService/ComputeNernstPotential answered after \d+ ms\nmfn: done after \d+ ms\n$",
            verbose);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    public async Task AnotherServer_IsToldApart(string greeting)
    {
        await using var server = new SilentServer(greeting);

        var (exitCode, output, error) = await InProcess.RunAsync("run", "list", "--server", server.Address);

        Assert.Equal((1, ""), (exitCode, output));
        Assert.StartsWith($"mfn: {server.Address} is no Mfn server", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_ToAServerWithout_IsToldApart()
    {
        await using var server = await TestServer.StartAsync();

        var (exitCode, _, error) = await InProcess.RunAsync("run", "list", "--server", server.Address.ToString().Replace("http:", "https:", StringComparison.Ordinal));

        Assert.Equal(1, exitCode);
        Assert.Contains($"is it http://{server.Address.Authority}?", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TlsFiles_ThatCannotBeUsed_AreToldByTheirFlags()
    {
        var folder = Directory.CreateTempSubdirectory("mfn-tls-files-");
        using var authority = new TestAuthority();
        try
        {
            var (empty, missing, root, key) = (Path.Combine(folder.FullName, "empty.pem"), Path.Combine(folder.FullName, "none.pem"), Path.Combine(folder.FullName, "ca.pem"), Path.Combine(folder.FullName, "other.key"));
            await File.WriteAllTextAsync(empty, "");
            await File.WriteAllTextAsync(root, authority.RootPem);
            using var other = System.Security.Cryptography.ECDsa.Create();
            await File.WriteAllTextAsync(key, other.ExportPkcs8PrivateKeyPem());

            Assert.Equal(
                $"mfn: --tls-ca must be a PEM file with certificates, but there is none in '{empty}', or one is damaged.\n"
                + $"mfn: --tls-cert must be an existing file, but there is no '{missing}'.\n"
                + $"mfn: --tls-key must be a file, but '{folder.FullName}' is a folder.\n",
                await ErrorAsync("--tls-ca", empty, "--tls-cert", missing, "--tls-key", folder.FullName));
            Assert.Equal(
                $"mfn: --tls-key must be the key of the certificate in '{root}', but '{key}' is not, or has a password, or is damaged.\n",
                await ErrorAsync("--tls-cert", root, "--tls-key", key));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static async Task<string> ErrorAsync(params string[] options)
        {
            var (exitCode, output, error) = await InProcess.RunAsync(["run", "list", "--server", "https://127.0.0.1:1", .. options]);
            Assert.Equal((2, ""), (exitCode, output));
            return error;
        }
    }

    [Fact]
    public async Task UnknownName_IsToldApart()
    {
        var (exitCode, _, error) = await InProcess.RunAsync("run", "list", "--server", "http://no-such-host.invalid:1");

        Assert.Equal((1, "mfn: no server at http://no-such-host.invalid:1: the name no-such-host.invalid is not known; name another with --server\n"), (exitCode, error));
    }

    [Fact]
    public async Task Watch_ReaderLeavesWhileNothingHappens_EndsAtOnce()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        using var watch = MfnProcess.Start("run", "watch", run.RunId, "--server", server.Address.ToString());
        Assert.StartsWith("step 0  ", await watch.Output.ReadLineAsync().Within(), StringComparison.Ordinal);

        watch.Output.Dispose();

        Assert.Equal(0, await watch.ExitCodeAsync());
        Assert.Equal($"ended behind step 0; go on: mfn run watch {run.RunId} --from-step 0 --server {server.Address}\n", await watch.Error);
    }

    [Fact]
    public async Task Watch_Resume_GoesOnWhereItEnded()
    {
        await using var server = await TestServer.StartAsync();
        await OutputAsync(server, "run create --grid 8 --steps 6 --name six -q");
        await OutputAsync(server, "run watch six -q");
        var file = Path.Combine(Path.GetTempPath(), $"mfn-position-{Guid.NewGuid():N}");
        try
        {
            var token = Json((await OutputAsync(server, "run watch six --from-step 0 --count 3 --json -q")).TrimEnd().Split('\n')[^1]).GetProperty("token").GetString();
            await File.WriteAllTextAsync(file, token);

            var first = await OutputAsync(server, $"run watch six --resume {file} --count 2 --json -q");
            var second = await OutputAsync(server, $"run watch six --resume {file} --json -q");

            Assert.Equal([3, 4, 5, 6, 6], (first + second).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Json)
                .Where(told => told.GetProperty("kind").GetString() is "frame" or "end").Select(told => told.GetProperty("step").GetInt32()));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<string> OutputAsync(TestServer server, string arguments)
    {
        var (exitCode, output, error) = await RunAsync(server, arguments);
        Assert.True(exitCode == 0, error);
        return output;
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(TestServer server, string arguments) =>
        InProcess.RunAsync([.. arguments.Split(' '), "--server", server.Address.ToString()]);

    private static JsonElement Json(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    // What makes a command do something with an option, but the option.
    private async Task<IReadOnlyList<string>> LineAsync(string path, string option)
    {
        string[] engine = option is "--activator-diffusion" or "--inhibitor-diffusion" or "--activator-rate" or "--inhibitor-rate" && path is "simulate" or "run create" ? ["--variant", "engine"] : [];
        string[] jitter = option == "--jitter-variance" && path is "simulate" or "run create" ? ["--jitter"] : [];
        string[] spots = option is "--spot-threshold" or "--spot-connectivity" ? ["--pattern-features"] : [];
        string[] steady = option == "--steady-every" ? ["--until-steady", "0.01"] : [];
        string[] rule = path != "aggregate" ? [] : option switch
        {
            "--clusters" or "--seed" => ["--rule", "hierarchical-krum"],
            "--byzantine-fraction" or "--sample-fraction" => ["--rule", "hierarchical-krum", "--variant", "mfn-4.1-compat"],
            "--tau" or "--iterations" => ["--rule", "centered-clipping"],
            "--tolerance" => ["--rule", "geometric-median"],
            "--clip-norm" => ["--rule", "median", "--pre", "clip"],
            "--bucket-size" => ["--rule", "median", "--pre", "bucketing"],
            "--byzantine" => ["--rule", "median"],
            _ => [],
        };
        var line = (await table.LineAsync(path)).ToList();
        Drop(line, option);
        if (rule.Length > 0)
        {
            Drop(line, "--rule");
        }

        return [.. line, .. engine, .. jitter, .. spots, .. steady, .. rule];
    }

    private static void Drop(List<string> line, string option)
    {
        var at = line.IndexOf(option);
        if (at >= 0)
        {
            line.RemoveRange(at, 2);
        }
    }

    [GeneratedRegex(@"Option '|Argument '|Command '|Cannot parse|Unrecognized|Required |expected type|System\.|was not (matched|provided)|Exception")]
    private static partial Regex ParsersWord();

    [GeneratedRegex(@"\b[a-z]+_[a-z_]+\b|\bspec\.|INVALID_ARGUMENT")]
    private static partial Regex WireName();
}
