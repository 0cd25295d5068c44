using System.CommandLine;
using Mfn.Cli;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Command = System.CommandLine.Command;

namespace Mfn.Server.Tests.Cli;

/// <summary>Every command of the tree, and a command line that makes it do something, with a server and files to do it to.</summary>
public sealed class CommandTable : IAsyncLifetime
{
    /// <summary>The commands that have no answer for a program: their output is a script, a page, or a server's life.</summary>
    public static readonly IReadOnlySet<string> WithoutAnswer = new HashSet<string> { "completion bash", "completion zsh", "completion fish", "serve", "help", "config schema" };

    // FIELD, HISTORY, UPDATES, CHECKPOINT, SETTINGS, REFERENCE: files; DATA: a data directory; AUDIT: an audit log; OUT: a file to write; RUN: a paused run; CONTEXT: a name; METRICS: where the server's are.
    private static readonly Dictionary<string, string> Lines = new()
    {
        ["simulate"] = "simulate --grid 8 --steps 4 --features",
        ["explain"] = "explain --kinetics schnakenberg",
        ["cost"] = "cost --grid 8 --features",
        ["gallery"] = "gallery --list",
        ["features"] = "features FIELD",
        ["fractal dimension"] = "fractal dimension FIELD",
        ["fractal ifs"] = "fractal ifs --points 1000",
        ["fractal stability"] = "fractal stability HISTORY",
        ["validate"] = "validate --grid 8 --steps 2",
        ["aggregate"] = "aggregate UPDATES --byzantine 1 --rule multi-krum",
        ["attack"] = "attack --components 5",
        ["nernst"] = "nernst --out-molar 1 --in-molar 2",
        ["goldman"] = "goldman --ion 1,1e-8,2 --reference-floor",
        ["serve"] = "serve --urls http://127.0.0.1:0",
        ["run create"] = "run create --grid 8 --paused",
        ["run list"] = "run list",
        ["run get"] = "run get RUN",
        ["run check"] = "run check RUN",
        ["run watch"] = "run watch RUN --count 1",
        ["run steer pause"] = "run steer RUN pause",
        ["run steer resume"] = "run steer RUN resume",
        ["run steer step"] = "run steer RUN step 2",
        ["run steer pace"] = "run steer RUN pace 30",
        ["run steer set"] = "run steer RUN set --alpha 0.1",
        ["run steer add"] = "run steer RUN add --row 1 --column 2 --millivolts 3",
        ["run steer replace"] = "run steer RUN replace FIELD",
        ["run steer checkpoint"] = "run steer RUN checkpoint",
        ["run fork"] = "run fork RUN --paused",
        ["run export"] = "run export RUN OUT",
        ["run import"] = "run import CHECKPOINT --paused",
        ["run delete"] = "run delete RUN",
        ["run repair"] = "run repair DATA",
        ["top"] = "top --once --interval 0.1 --metrics METRICS",
        ["context add"] = "context add CONTEXT --server http://127.0.0.1:1",
        ["context use"] = "context use one",
        ["context list"] = "context list",
        ["context show"] = "context show one",
        ["context remove"] = "context remove one",
        ["key create"] = "key create somebody --role viewer --expires 30d",
        ["key list"] = "key list",
        ["key rotate"] = "key rotate 0123456789ab",
        ["key revoke"] = "key revoke 0123456789ab",
        ["audit verify"] = "audit verify AUDIT",
        ["config check"] = "config check SETTINGS",
        ["config explain"] = "config explain --set Limits:MaxSteps=500",
        ["config import"] = "config import REFERENCE",
        ["config schema"] = "config schema",
        ["completion bash"] = "completion bash",
        ["completion zsh"] = "completion zsh",
        ["completion fish"] = "completion fish",
        ["help"] = "help",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-table-");
    private TestServer? _server;
    private int _count;

    /// <summary>The commands that can be run, by their paths; taken from the tree, so that a new one is among them.</summary>
    public static IReadOnlyDictionary<string, Command> Commands { get; } = Leaves(MfnCommand.Create(), "").ToDictionary(each => each.Path, each => each.Command);

    private TestServer Server => _server!;

    public async ValueTask InitializeAsync()
    {
        NpyFile.Write(In("field.npy"), [.. Enumerable.Range(0, 64).Select(i => -0.07 + (0.001 * (i % 13)))], 8, 8);
        NpyFile.Write(In("history.npy"), [.. Enumerable.Range(0, 192).Select(i => -0.07 + (0.001 * (i * 7 % 13)))], 3, 8, 8);
        NpyFile.Write(In("updates.npy"), [.. Enumerable.Range(0, 12).Select(i => Math.Sin(i))], 6, 2);
        await File.WriteAllTextAsync(In("mfn.json"), """{ "Limits": { "MaxSteps": 500 } }""");
        await File.WriteAllTextAsync(In("reference.json"), """{ "environment": "development", "api": { "port": 8000 }, "validation": { "steps": 32 }, "model": { "input_dim": 4 } }""");
        _server = await TestServer.StartAsync("Runs:MaxRuns=1000", "Metrics:Url=http://127.0.0.1:0");
        var (exitCode, _, error) = await RunAsync("run export", []);
        Assert.True(exitCode == 0, error);
        File.Move(In("out-1"), In("run.ckpt"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    /// <summary>The options of a command that name files or folders.</summary>
    public static IEnumerable<Option> Paths(Command command) => command.Options.Where(option => option.HelpName is { } name && (name.Contains("FILE", StringComparison.Ordinal) || name == "FOLDER"));

    /// <summary>Whether a command can be told which server to call.</summary>
    public static bool CallsServers(string path) => Commands[path].Options.Any(option => option.Name == "--server") && path != "context add";

    /// <summary>A command line that makes a command do something, without a server.</summary>
    public async Task<string[]> LineAsync(string path)
    {
        Assert.True(Lines.TryGetValue(path, out var line), $"The table has no line for 'mfn {path}'.");
        var words = new List<string>();
        foreach (var word in line.Split(' '))
        {
            words.Add(word switch
            {
                "FIELD" => In("field.npy"),
                "HISTORY" => In("history.npy"),
                "UPDATES" => In("updates.npy"),
                "REFERENCE" => In("reference.json"),
                "SETTINGS" => In("mfn.json"),
                "CHECKPOINT" => In("run.ckpt"),
                "OUT" => In($"out-{Interlocked.Increment(ref _count)}"),
                "DATA" => await NewDataAsync(),
                "AUDIT" => await NewAuditAsync(),
                "CONTEXT" => "new",
                "METRICS" => Server.MetricsUrl!,
                "RUN" => await NewRunAsync(),
                _ => word,
            });
        }

        return [.. words];
    }

    /// <summary>What names the server that the table has, if the command calls any.</summary>
    public string[] ServerOf(string path) => CallsServers(path) ? ["--server", Server.Address.ToString()] : [];

    /// <summary>Runs a command within this process. Contexts and keys are files, which processes of their own have.</summary>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(string path, string[] more)
    {
        string[] line = [.. await LineAsync(path), .. more, .. more.Contains("--server") ? [] : ServerOf(path)];
        return path.Split(' ')[0] is "context" or "key" ? await MfnProcess.RunAsync(NewEnvironment(), line) : await InProcess.RunAsync(line);
    }

    /// <summary>What a process is to have in its environment: contexts and keys of its own, of which there is one each.</summary>
    public IReadOnlyDictionary<string, string> NewEnvironment()
    {
        var home = Path.Combine(_folder.FullName, $"config-{Interlocked.Increment(ref _count)}");
        Directory.CreateDirectory(Path.Combine(home, "mfn"));
        File.WriteAllText(Path.Combine(home, "mfn", "contexts.json"), """{ "contexts": { "one": { "server": "http://127.0.0.1:1" } } }""");
        var keys = Path.Combine(home, "keys.json");
        using var file = File.Create(keys);
        ApiKeyFile.Write(file, [new ApiKey("0123456789ab", "lab", TenantName.Default, Roles.Operator, ApiKeyText.Hash("x"), DateTimeOffset.UnixEpoch, Expires: null, Revoked: null)]);
        return new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = home, ["MFN_Auth__ApiKeys__File"] = keys };
    }

    private async Task<string> NewDataAsync()
    {
        var data = In($"data-{Interlocked.Increment(ref _count)}");
        await using var server = await TestServer.StartAsync($"Runs:DataDirectory={data}");
        await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true });
        return data;
    }

    private async Task<string> NewAuditAsync()
    {
        var log = In($"audit-{Interlocked.Increment(ref _count)}.jsonl");
        await using var server = await TestServer.StartAsync($"Audit:File={log}");
        await server.StopAsync();
        return log;
    }

    private async Task<string> NewRunAsync()
    {
        var spec = new SimulationSpec { GridSize = 8 };
        return (await Server.Runs.CreateRunAsync(new CreateRunRequest { Spec = spec, Paused = true, Stop = new StopCondition { Never = true } })).Run.RunId;
    }

    private string In(string name) => Path.Join(_folder.FullName, name);

    private static IEnumerable<(string Path, Command Command)> Leaves(Command command, string path)
    {
        if (command.Subcommands.Count == 0 || (command.Action is not null && command is not RootCommand))
        {
            yield return (path, command);
        }

        foreach (var leaf in command.Subcommands.SelectMany(each => Leaves(each, $"{path} {each.Name}".TrimStart())))
        {
            yield return leaf;
        }
    }
}
