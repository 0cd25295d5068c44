using System.Diagnostics;
using System.Runtime.Versioning;
using Mfn.Cli;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;
using Command = System.CommandLine.Command;

namespace Mfn.Server.Tests.Cli;

/// <summary>
/// Every file that any command writes: through links, to regular files alone, what cannot be is said before the work in the words of the command line, and
/// what was there stays when the writing fails.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class OutputFileTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-outputs-");
    private TestServer? _server;
    private string _run = "";

    // FILE is the file; in a folder of frames it is the folder.
    private static readonly (string Option, string Line)[] Files =
    [
        ("simulate --out", "simulate --grid 8 --steps 2 --out FILE"),
        ("simulate --out-history", "simulate --grid 8 --steps 2 --out-history FILE"),
        ("simulate --out-picture", "simulate --grid 8 --steps 2 --out-picture FILE"),
        ("simulate --movie", "simulate --grid 8 --steps 2 --movie FILE"),
        ("gallery --out", "gallery brusselator-A1-B3-Du1-Dv0.1 --tile 32 --out FILE"),
        ("aggregate --out", "aggregate UPDATES --byzantine 1 --rule median --out FILE"),
        ("attack --svg", "attack UPDATES --byzantine 1 --svg FILE"),
        ("fractal ifs --out", "fractal ifs --points 1000 --out FILE"),
        ("config import --out", "config import REFERENCE --out FILE"),
        ("run export FILE", "run export RUN FILE"),
        ("run watch --out", "run watch RUN --count 1 --out FILE"),
        ("run watch --resume", "run watch RUN --count 1 --resume FILE"),
    ];

    private static readonly (string Option, string Line)[] Folders =
    [
        ("simulate --out-frames", "simulate --grid 8 --steps 2 --out-frames FILE"),
        ("run watch --out", "run watch RUN --count 1 --out FILE"),
        ("run watch --out", "run watch RUN --count 1 --format png --out FILE"),
    ];

    // What is read; the file of keys is changed as well, which KeyCommandTests holds to more.
    private static readonly HashSet<string> Inputs = ["--mask", "--initial", "--potential", "--activator", "--inhibitor", "--key-file", "--token-file", "--keys", "--tls-ca", "--tls-cert", "--tls-key", "--config", "--preset"];

    public static TheoryData<string, string> FileLines => [.. Files.Select(file => (file.Option, file.Line))];

    public static TheoryData<string, string> FolderLines => [.. Folders.Select(folder => (folder.Option, folder.Line))];

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _run = (await _server.Runs.CreateRunAsync(new CreateRunRequest { Paused = true, Spec = new SimulationSpec { GridSize = 8 } })).Run.RunId;
        await File.WriteAllTextAsync(In("reference.json"), """{ "api": { "port": 8000 } }""");
        NpyFile.Write(In("updates.npy"), [.. Enumerable.Range(0, 12).Select(i => Math.Sin(i))], 6, 2);
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Options_WithAFileOrAFolder_AreAllKnownHere()
    {
        var written = Files.Concat(Folders).Select(file => file.Option).ToHashSet();

        var unknown = OptionsOf(MfnCommand.Create(), "")
            .Where(option => !Inputs.Contains(option.Split(' ')[^1]) && !written.Contains(option));

        Assert.Empty(unknown);
    }

    [Theory]
    [MemberData(nameof(FileLines))]
    public async Task File_LinkToOne_StaysAndWhatItLeadsToIsWritten(string option, string line)
    {
        File.CreateSymbolicLink(In("link.npy"), "second");
        File.CreateSymbolicLink(In("second"), In("target"));

        // First it is not there, then it is.
        for (var i = 0; i < 2; i++)
        {
            await AddFrameAsync();
            var (exitCode, _, error) = await RunAsync(line, In("link.npy"));

            Assert.True(exitCode == 0, $"{option}: {error}");
            Assert.Equal(("second", In("target")), (new FileInfo(In("link.npy")).LinkTarget, new FileInfo(In("second")).LinkTarget));
            Assert.True(new FileInfo(In("target")) is { LinkTarget: null, Length: > 0 });
            Assert.True(option.EndsWith("resume", StringComparison.Ordinal) || await File.ReadAllTextAsync(In("target")) != "old");
            if (!option.EndsWith("resume", StringComparison.Ordinal))
            {
                await File.WriteAllTextAsync(In("target"), "old");
            }

            File.SetUnixFileMode(In("target"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(In("target")));
        Assert.Empty(Partials());
    }

    [Theory]
    [MemberData(nameof(FileLines))]
    public async Task File_ThatCannotBeOne_IsRefusedBeforeTheWork(string option, string line)
    {
        File.CreateSymbolicLink(In("device.npy"), "/dev/full");
        File.CreateSymbolicLink(In("circle.npy"), "circle.npy");
        Directory.CreateDirectory(In("folder.npy"));
        Directory.CreateDirectory(In("read-only"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        MakePipe(In("pipe.npy"));
        const string IsSpecial = "it is a device, a pipe or a socket and no regular file.";
        (string Path, string Reason)[] cases =
        [
            ("", "must not be empty."),
            ("/dev/full", IsSpecial),
            (In("device.npy"), IsSpecial),
            (In("pipe.npy"), IsSpecial),
            (In("folder.npy"), "it is a folder."),
            (In("circle.npy"), "its links lead round in a circle, or through something that is no folder."),
            (In("nowhere/a.npy"), "it is in a folder that does not exist."),
            (In("updates.npy/a.npy"), "it is in a folder that does not exist."),
            (In(new string('x', 300) + ".npy"), "its name is longer than the system allows."),
            ("/proc/a.npy", "cannot be written: its folder takes no new file: "),

            // Root may write everywhere, which the folder of the system's processes makes up for.
            .. Environment.IsPrivilegedProcess ? Array.Empty<(string, string)>() : [(In("read-only/a.npy"), "cannot be written: its folder takes no new file: ")],
        ];
        var before = Names();

        foreach (var (path, reason) in cases)
        {
            // The option of frames takes for a folder what has not the name of an array.
            if (!path.EndsWith(".npy", StringComparison.Ordinal) && path.Length > 0 && option == "run watch --out")
            {
                continue;
            }

            var (exitCode, output, error) = await RunAsync(line, path);

            Assert.True((exitCode, output) == (2, ""), $"'{path}': {exitCode} {output} {error}");
            Assert.StartsWith($"mfn: {option.Split(' ')[^1]}", error, StringComparison.Ordinal);
            Assert.Contains(reason, error, StringComparison.Ordinal);
            Assert.Contains(path, error, StringComparison.Ordinal);
            Assert.Equal(path.Length == 0 ? 2 : 1, error.Count(character => character == '\n'));
        }

        Assert.Equal(before, Names());
    }

    [Theory]
    [MemberData(nameof(FolderLines))]
    public async Task Folder_ThatCannotBeOne_IsRefusedBeforeTheWork(string option, string line)
    {
        await File.WriteAllTextAsync(In("file"), "old");
        MakePipe(In("pipe"));
        File.CreateSymbolicLink(In("dangling"), "nowhere/at/all");
        string[] cases = ["", In("file"), In("pipe"), "/dev/full", In("dangling"), In("nowhere/deep"), In(new string('x', 300)), "/proc/self/task", "/proc/frames"];
        var before = Names();

        foreach (var path in cases)
        {
            var (exitCode, output, error) = await RunAsync(line, path);

            Assert.True((exitCode, output) == (2, ""), $"'{path}': {exitCode} {output} {error}");
            Assert.StartsWith($"mfn: {option.Split(' ')[^1]}", error, StringComparison.Ordinal);
            Assert.Contains(path, error, StringComparison.Ordinal);
            Assert.Equal(path.Length == 0 ? 2 : 1, error.Count(character => character == '\n'));
        }

        Assert.Equal(before, Names());
        Assert.Equal("old", await File.ReadAllTextAsync(In("file")));
    }

    [Theory]
    [MemberData(nameof(FolderLines))]
    public async Task Folder_LinkToOne_GetsTheFrames(string option, string line)
    {
        Directory.CreateDirectory(In("frames"));
        Directory.CreateSymbolicLink(In("link"), "frames");

        var (exitCode, _, error) = await RunAsync(line, In("link"));

        Assert.True(exitCode == 0, $"{option}: {error}");
        Assert.Equal("frames", new DirectoryInfo(In("link")).LinkTarget);
        Assert.NotEmpty(Directory.GetFiles(In("frames")));
    }

    [Theory]
    [MemberData(nameof(FileLines))]
    public async Task File_ThatCannotBeWritten_IsTheOldOne(string option, string line)
    {
        var path = In("out.npy");
        var old = option.EndsWith("resume", StringComparison.Ordinal) ? await PositionAsync(path) : "old";
        await File.WriteAllTextAsync(path, old);

        // As on a full disk: the first byte of any file is too many.
        using var process = MfnProcess.StartLimited(0, Words(line, path));

        Assert.Equal(1, await process.ExitCodeAsync());
        Assert.Contains($"'{path}' cannot be written", await process.Error, StringComparison.Ordinal);
        Assert.Equal(old, await File.ReadAllTextAsync(path));
        Assert.Empty(Partials());
    }

    [Theory]
    [InlineData("context add other --server http://127.0.0.1:1")]
    [InlineData("context use one")]
    [InlineData("context remove one")]
    public async Task Contexts_LinkToTheirFile_StaysAndOtherThingsAreRefused(string line)
    {
        var file = In("config/mfn/contexts.json");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.CreateSymbolicLink(file, "kept.json");
        await RunContextAsync("context add one --server http://127.0.0.1:1");

        var (exitCode, _, error) = await RunContextAsync(line);

        Assert.True(exitCode == 0, error);
        Assert.Equal("kept.json", new FileInfo(file).LinkTarget);
        Assert.NotEqual(0, new FileInfo(In("config/mfn/kept.json")).Length);

        File.Delete(file);
        MakePipe(file);
        (exitCode, _, error) = await RunContextAsync(line);
        Assert.Equal(2, exitCode);
        Assert.Contains($"The contexts in '{file}' cannot be read: it is a device, a pipe or a socket and no regular file.", error, StringComparison.Ordinal);

        Task<(int ExitCode, string Output, string Error)> RunContextAsync(string words) =>
            MfnProcess.RunAsync(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = In("config") }, words.Split(' '));
    }

    [Theory]
    [InlineData("features -")]
    [InlineData("features /dev/stdin")]
    [InlineData("fractal dimension -")]
    [InlineData("fractal stability -")]
    [InlineData("aggregate - --byzantine 0 --rule mean")]
    [InlineData("attack - --byzantine 1")]
    [InlineData("run create --potential - --server SERVER")]
    [InlineData("run steer RUN replace - --server SERVER")]
    [InlineData("run import - --server SERVER")]
    [InlineData("run import /dev/stdin --server SERVER")]
    public async Task StandardInput_Closed_IsAnErrorAndNoWait(string line)
    {
        using var process = MfnProcess.StartInShell("exec \"$@\" <&-", Words(line, ""));

        Assert.Equal(2, await process.ExitCodeAsync());
        Assert.Contains("tandard input is closed.", await process.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">&-", 1, "mfn: Standard output is closed.\n")]
    [InlineData("2>&-", 0, "")]
    [InlineData(">/dev/full", 1, "mfn: No space left on device\n")]
    [InlineData("2>/dev/full", 0, "")]
    public async Task StandardStreams_ClosedOrFull_DecideTheExitCodeAlone(string redirection, int exitCode, string error)
    {
        using var process = MfnProcess.StartInShell($"exec \"$@\" {redirection}", ["nernst", "--valence", "1", "--out-molar", "1", "--in-molar", "2", "--json"]);

        Assert.Equal(exitCode, await process.ExitCodeAsync());
        Assert.Equal(error, (await process.Error)[..error.Length]);
    }

    private static IEnumerable<string> OptionsOf(Command command, string path) => command.Options
        .Where(option => option.HelpName is { } form && (form.Contains("FILE", StringComparison.Ordinal) || form.Contains("FOLDER", StringComparison.Ordinal)))
        .Select(option => $"{path}{option.Name}")
        .Concat(command.Subcommands.SelectMany(each => OptionsOf(each, $"{path}{each.Name} ")));

    private static void MakePipe(string path)
    {
        using var making = Process.Start("mkfifo", path);
        making.WaitForExit();
        Assert.Equal(0, making.ExitCode);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string line, string path) => InProcess.RunAsync(Words(line, path)).Within();

    private string[] Words(string line, string path)
    {
        var words = line.Split(' ').Select(word => word switch
        {
            "FILE" => path,
            "UPDATES" => In("updates.npy"),
            "REFERENCE" => In("reference.json"),
            "RUN" => _run,
            "SERVER" => _server!.Address.ToString(),
            _ => word,
        });
        return [.. words, .. line.Contains(" RUN ", StringComparison.Ordinal) && !line.Contains("SERVER", StringComparison.Ordinal) ? ["--server", _server!.Address.ToString()] : Array.Empty<string>()];
    }

    /// <summary>What a watcher leaves in its file, and a frame that it has not seen.</summary>
    private async Task<string> PositionAsync(string path)
    {
        var (exitCode, _, error) = await RunAsync("run watch RUN --count 1 --resume FILE", path);
        Assert.True(exitCode == 0, error);
        await AddFrameAsync();
        return await File.ReadAllTextAsync(path);
    }

    /// <summary>So that a watcher has something to see that it has not seen.</summary>
    private async Task AddFrameAsync()
    {
        var (exitCode, _, error) = await RunAsync("run steer RUN add --row 1 --column 1 --millivolts 1", "");
        Assert.True(exitCode == 0, error);
    }

    private string In(string name) => Path.Join(_folder.FullName, name);

    private List<string> Names() =>
        [.. Directory.GetFileSystemEntries(_folder.FullName, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None, RecurseSubdirectories = true }).Order(StringComparer.Ordinal)];

    private IEnumerable<string> Partials() => Names().Where(name => name.EndsWith(".partial", StringComparison.Ordinal));
}
