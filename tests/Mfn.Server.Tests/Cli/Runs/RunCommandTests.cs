using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Mfn.Client;
using Mfn.Client.Npy;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Cli.Pictures;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli.Runs;

public sealed class RunCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-runs-");

    [Fact]
    public async Task CreateToDelete_OneRun_IsFollowedByItsId()
    {
        await using var server = await TestServer.StartAsync();
        var id = await OutputAsync(server, "run create --grid 32 --forever --pace 50 --history 200 --paused");
        Assert.Equal(RunState.Paused, (await GetAsync(server, id)).State);

        using var got = JsonDocument.Parse(await OutputAsync(server, $"run get {id} --json"));
        Assert.Equal(
            (id, "paused", 0, 50.0, 200, 32),
            (Text(got, "run_id"), Text(got, "state"), Number(got, "step"), got.RootElement.GetProperty("pace").GetDouble(), Number(got, "history"), got.RootElement.GetProperty("spec").GetProperty("grid").GetInt32()));
        Assert.True(got.RootElement.GetProperty("stop").GetProperty("forever").GetBoolean());
        var text = await OutputAsync(server, $"run get {id}");
        Assert.Contains($"run        {id}", text, StringComparison.Ordinal);
        Assert.Contains("paused at step 0, revision 0", text, StringComparison.Ordinal);
        Assert.Contains("50 steps a second, without end", text, StringComparison.Ordinal);

        Assert.Matches($@"^ID +NAME +STATE .*\n{id[..8]} +paused +0 ", await OutputAsync(server, "run list --state paused"));
        Assert.Equal("[]", await OutputAsync(server, "run list --state stopped --json"));
        Assert.Equal("", await OutputAsync(server, "run list --state stopped -o jsonl"));
        Assert.StartsWith($"deleted {id}", await OutputAsync(server, $"run delete {id}"), StringComparison.Ordinal);
        Assert.Equal("[]", await OutputAsync(server, "run list --json"));
    }

    [Fact]
    public async Task Create_InitialField_IsWhereTheRunBegins()
    {
        await using var server = await TestServer.StartAsync();
        var path = Path.Combine(_folder.FullName, "field.npy");
        var volts = Enumerable.Range(0, 16).Select(i => -0.07 + (i / 1024.0)).ToArray();
        NpyFile.Write(path, volts, 4, 4);

        var id = await OutputAsync(server, $"run create --grid 4 --paused --potential {path}");

        Assert.Equal(volts, await FieldAsync(server, id));
    }

    [Fact]
    public async Task Steer_EveryAction_DoesWhatItSays()
    {
        await using var server = await TestServer.StartAsync();
        var path = Path.Combine(_folder.FullName, "field.npy");
        NpyFile.Write(path, Enumerable.Repeat(-0.0625, 16).ToArray(), 4, 4);
        var id = await OutputAsync(server, "run create --grid 4 --forever --paused");

        Assert.Equal("applied at step 0, revision 1", await OutputAsync(server, $"run steer {id} replace {path} --command-id once"));
        Assert.Equal("had been applied at step 0, revision 1", await OutputAsync(server, $"run steer {id} replace {path} --command-id once"));
        Assert.Equal("applied at step 0, revision 2", await OutputAsync(server, $"run steer {id} add --row 1 --column 2 --rows 2 --millivolts 31.25"));
        var expected = Enumerable.Repeat(-0.0625, 16).ToArray();
        expected[6] = expected[10] = -0.03125;
        Assert.Equal(expected, await FieldAsync(server, id));

        using var set = JsonDocument.Parse(await OutputAsync(server, $"run steer {id} set --alpha 0.1 --spike-probability 0 --json"));
        Assert.Equal((0, 3, false), (Number(set, "step"), Number(set, "revision"), set.RootElement.GetProperty("already_applied").GetBoolean()));
        Assert.Equal(0.1, (await GetAsync(server, id)).Spec.Alpha);
        Assert.StartsWith("applied at step 0", await OutputAsync(server, $"run steer {id} step 5"), StringComparison.Ordinal);
        Assert.StartsWith("applied at step", await OutputAsync(server, $"run steer {id} checkpoint"), StringComparison.Ordinal);
        Assert.StartsWith("applied at step", await OutputAsync(server, $"run steer {id} pace 30.5"), StringComparison.Ordinal);
        Assert.Equal(30.5, (await GetAsync(server, id)).StepsPerSecond);
        Assert.StartsWith("applied at step", await OutputAsync(server, $"run steer {id} pace"), StringComparison.Ordinal);
        Assert.Equal(0, (await GetAsync(server, id)).StepsPerSecond);
        Assert.StartsWith("applied at step", await OutputAsync(server, $"run steer {id} resume"), StringComparison.Ordinal);
        Assert.StartsWith("applied at step", await OutputAsync(server, $"run steer {id} pause"), StringComparison.Ordinal);
        Assert.Equal(RunState.Paused, (await GetAsync(server, id)).State);
    }

    [Fact]
    public async Task Watch_Piped_PrintsALineAnEvent()
    {
        await using var server = await TestServer.StartAsync();
        var id = await OutputAsync(server, "run create --grid 16 --steps 9");

        var (exitCode, output, error) = await RunAsync(server, $"run watch {id} --from-step 0 --every 4");

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(0, exitCode);
        Assert.Equal(["step 0  ", "step 4  ", "step 8  ", "step 9  "], lines.Where(line => line.Contains(" mV  mean ", StringComparison.Ordinal)).Select(line => line[..8]));
        Assert.Equal("step 9  end: stopped", lines[^1]);
        Assert.Equal("", error);
    }

    [Fact]
    public async Task Watch_CountThenToken_ContinuesWithTheNextFrame()
    {
        await using var server = await TestServer.StartAsync();
        var id = await OutputAsync(server, "run create --grid 16 --steps 9");

        var (_, first, error) = await RunAsync(server, $"run watch {id} --from-step 0 --count 3 --json --encoding q8 --deltas 100");
        using var last = JsonDocument.Parse(first.TrimEnd().Split('\n')[^1]);
        var (exitCode, rest, _) = await RunAsync(server, $"run watch {id} --json --encoding q8 --deltas 100 --token {Text(last, "token")}");

        Assert.Equal(0, exitCode);
        var events = (first + rest).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line)).ToList();
        var frames = events.Where(told => Text(told, "kind") == "frame").ToList();
        Assert.Equal(Enumerable.Range(0, 10), frames.Select(frame => Number(frame, "step")));
        Assert.All(frames, frame => Assert.Equal((16, "q8"), (Number(frame, "rows"), Text(frame, "encoding"))));
        Assert.Equal($"ended behind step 2; go on: mfn run watch {id} --from-step 2 --server {server.Address}\n", error);
        Assert.Equal(("end", "stopped"), (Text(events[^1], "kind"), Text(events[^1], "reason")));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(told => Number(told, "sequence")));
    }

    [Fact]
    public async Task Watch_OutFolder_HasEveryFieldAsNpyAndPng()
    {
        await using var server = await TestServer.StartAsync();
        var id = await OutputAsync(server, "run create --grid 16 --steps 3");
        var npy = Path.Combine(_folder.FullName, "npy");
        var png = Path.Combine(_folder.FullName, "png");

        await OutputAsync(server, $"run watch {id} --from-step 0 --out {npy} --region 1,2,8,6");
        await OutputAsync(server, $"run watch {id} --from-step 0 --out {png} --format png --downsample 4 --range -95,40");

        Assert.Equal([.. Names("npy")], Directory.GetFiles(npy).Select(Path.GetFileName).Order());
        Assert.Equal([.. Names("png")], Directory.GetFiles(png).Select(Path.GetFileName).Order());
        using var reader = NpyReader.Open(Directory.GetFiles(npy).Order().Last());
        var cells = new double[8 * 6];
        reader.Read(cells);
        Assert.Equal([8, 6], reader.Shape);
        var whole = await FieldAsync(server, id);
        Assert.Equal(Enumerable.Range(0, 48).Select(i => whole[((1 + (i / 6)) * 16) + 2 + (i % 6)]), cells);
        var (rows, columns, _, texts) = PngFileTests.NaiveDecode(await File.ReadAllBytesAsync(Directory.GetFiles(png).Order().First()));
        Assert.Equal((4, 4), (rows, columns));
        Assert.Contains(("Step", "0"), texts);
        Assert.Contains(("Range", "-95 to 40 mV"), texts);
        Assert.Contains(("Run", id), texts);
        Assert.Equal(16, JsonDocument.Parse(texts.Single(text => text.Keyword == "Spec").Text).RootElement.GetProperty("gridSize").GetInt32());

        static IEnumerable<string> Names(string extension) => Enumerable.Range(0, 4).Select(step => string.Create(CultureInfo.InvariantCulture, $"step-{step:D10}-0000.{extension}"));
    }

    [Fact]
    public async Task Watch_OutNpyFile_HasAllFramesInOneArray()
    {
        await using var server = await TestServer.StartAsync();
        var id = await OutputAsync(server, "run create --grid 16 --steps 9");
        var path = Path.Combine(_folder.FullName, "history.npy");

        var (exitCode, _, error) = await RunAsync(server, $"run watch {id} --from-step 0 --every 3 --out {path}");

        Assert.Equal(0, exitCode);
        Assert.Contains($"wrote {path}, 4 x 16 x 16 doubles", error, StringComparison.Ordinal);
        Assert.Equal(path, Assert.Single(Directory.GetFiles(_folder.FullName)));
        using var reader = NpyReader.Open(path);
        var cells = new double[4 * 256];
        reader.Read(cells);
        Assert.Equal([4, 16, 16], reader.Shape);
        Assert.Equal(await FieldAsync(server, id), cells[(3 * 256)..]);
    }

    [Fact]
    public async Task Watch_OutPicturesOfOneRange_AreAllInTheWidest()
    {
        await using var server = await TestServer.StartAsync();

        // The field of step 0 spans little, and more with each step.
        var id = await OutputAsync(server, "run create --grid 16 --turing-threshold 0.05 --steps 20");
        var folder = Path.Combine(_folder.FullName, "pictures");

        await OutputAsync(server, $"run watch {id} --from-step 0 --every 5 --out {folder} --format png --scale 2 --colorbar");

        var ranges = Directory.GetFiles(folder).Order().Select(file => PngFileTests.NaiveDecode(File.ReadAllBytes(file)).Texts.Single(text => text.Keyword == "Range").Text).ToList();
        Assert.Equal(5, ranges.Count);
        Assert.Single(ranges.Distinct());
        Assert.Empty(Directory.GetFiles(folder, ".*"));
    }

    [Fact]
    public async Task Watch_Terminal_DrawsUntilQIsPressed()
    {
        await using var server = await TestServer.StartAsync();
        var id = await OutputAsync(server, "run create --grid 8 --paused");
        var mfn = Path.Combine(AppContext.BaseDirectory, "mfn.dll");
        var start = new ProcessStartInfo("script", ["-qec", $"stty rows 12 cols 60; exec dotnet {mfn} run watch {id} --server {server.Address}", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");
        using var terminal = Process.Start(start)!;
        try
        {
            // 8 x 8 cells in 10 lines of 2 pixels: each cell takes 2 x 2 of them.
            var screen = await ReadUntilAsync(terminal.StandardOutput, "step 0  paused");
            Assert.Equal(8 * 16, screen.Count(character => character == '▀'));
            await terminal.StandardInput.WriteAsync('q');
            await terminal.StandardInput.FlushAsync();
            var rest = await terminal.StandardOutput.ReadToEndAsync().Within();
            await terminal.WaitForExitAsync().Within();

            Assert.Equal(0, terminal.ExitCode);
            Assert.Contains("\e[?1049h", screen, StringComparison.Ordinal);
            var closed = rest.IndexOf("\e[?25h\e[?1049l", StringComparison.Ordinal);
            Assert.Contains("step 0  paused  0 growth events", rest[closed..], StringComparison.Ordinal);
            Assert.InRange(closed, 0, rest.IndexOf("ended behind step 0; go on: ", StringComparison.Ordinal));
        }
        finally
        {
            terminal.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Watch_Interrupted_SaysHowToGoOn()
    {
        await using var server = await TestServer.StartAsync();
        var id = await OutputAsync(server, "run create --grid 16 --paused");
        using var watch = MfnProcess.Start("run", "watch", id, "--server", server.Address.ToString());
        Assert.StartsWith("step 0  ", await watch.Output.ReadLineAsync().Within(), StringComparison.Ordinal);

        // Ended like this as by Ctrl-C, whose signal a shell's background job would ignore.
        using var kill = Process.Start("kill", ["-TERM", $"{watch.Id}"]);

        Assert.Equal(0, await watch.ExitCodeAsync());
        Assert.StartsWith("ended behind step 0; go on: mfn run watch ", await watch.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ForkExportImport_State_BeginsANewRunThere()
    {
        await using var server = await TestServer.StartAsync();
        var path = Path.Combine(_folder.FullName, "run.ckpt");
        var id = await OutputAsync(server, "run create --grid 16 --steps 9");
        await OutputAsync(server, $"run watch {id}");

        var fork = await OutputAsync(server, $"run fork {id} --step 4 --stop-after 6 --alpha 0.1 --paused");
        Assert.Equal((4, 0.1, 6), ((await GetAsync(server, fork)).Step, (await GetAsync(server, fork)).Spec.Alpha, (await GetAsync(server, fork)).Stop.AfterStep));
        var wrote = await OutputAsync(server, $"run export {id} {path}");
        Assert.Equal($"wrote {path}, {new FileInfo(path).Length} bytes", wrote);
        var imported = await OutputAsync(server, $"run import {path} --paused");
        Assert.Equal(9, (await GetAsync(server, imported)).Step);
        Assert.Equal(await FieldAsync(server, id), await FieldAsync(server, imported));
    }

    [Theory]
    [InlineData("run create --forever --stop-after 5", "--stop-after, --until-steady, --until-species-steady and --forever exclude one another.")]
    [InlineData("run create --steady-every 5", "--steady-every is only for --until-steady and --until-species-steady.")]
    [InlineData("run create --potential /nowhere.npy", "/nowhere.npy")]
    [InlineData("run watch x --region 1,2,3", "--region must be ROW,COLUMN,ROWS,COLUMNS in whole numbers, but was '1,2,3'.")]
    [InlineData("run watch x --token %", "--token must be a token that mfn run watch printed, but was '%'.")]
    [InlineData("run watch x --from-step 1 --token AAAA", "--from-step and --token exclude one another.")]
    [InlineData("run watch x --encoding f16", "--encoding must be f64, f32, q16 or q8, but was 'f16'.")]
    [InlineData("run watch x --count 0", "--count must be at least 1, but was 0.")]
    [InlineData("run watch x --patience -1", "--patience must be between 0 and 86400, but was -1.")]
    [InlineData("run watch x --range 1,1", "--range must be LOW,HIGH in mV, or in the model's unit with --kinetics, from -1000000 to 1000000 with LOW below HIGH, or all or each, but was '1,1'.")]
    [InlineData("run watch x --format png", "--format is only for --out FOLDER.")]
    [InlineData("run watch x --format npy --out x.npy", "--format is only for --out FOLDER.")]
    [InlineData("run watch x --out /nowhere/x.npy", "--out must be a file in an existing folder")]
    [InlineData("run watch x --out x.npy --delivery degrade", "--delivery degrade makes frames smaller")]
    [InlineData("run watch x --scale 2", "--scale: only with --format png.")]
    [InlineData("run watch x --out x --scale 2 --colorbar", "--scale, --colorbar: only with --format png.")]
    [InlineData("run watch x --out x --format png --scale 0", "--scale must be between 1 and 64, but was 0.")]
    [InlineData("run watch x --out /dev/null", "--out must be a folder")]
    [InlineData("run watch", "Try 'mfn run watch --help'.")]
    [InlineData("run steer x set", "Say what to set: --kinetics, --noise, --multiplicative-noise, --alpha")]
    [InlineData("run steer x add --row 1", "--column")]
    [InlineData("run steer x replace /nowhere.npy", "/nowhere.npy")]
    [InlineData("run export x /nowhere/run.ckpt", "FILE must be a file in an existing folder, but '/nowhere/run.ckpt' is not: it is in a folder that does not exist.")]
    [InlineData("run import /nowhere.ckpt", "/nowhere.ckpt")]
    public async Task AnyCommand_BadArguments_ExitsWith2AndTheReason(string arguments, string reason)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run get 00000000000000000000000000000000", "mfn: NOT_FOUND: ")]
    [InlineData("run watch 00000000000000000000000000000000", "mfn: NOT_FOUND: ")]
    [InlineData("run steer 00000000000000000000000000000000 pause", "mfn: NOT_FOUND: ")]
    [InlineData("run create --pace 0", "mfn: --pace must be ")]
    [InlineData("run create --history -1 --stop-after 0 --grid 3", "mfn: --grid must be between 4 and 1024, but was 3.\nmfn: --stop-after must be ")]
    public async Task AnyCommand_RefusedByTheServer_ExitsWith2AndTheStatus(string arguments, string reason)
    {
        await using var server = await TestServer.StartAsync();

        var (exitCode, output, error) = await RunAsync(server, arguments);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_NoServer_TellsOfEachTryAndExitsWith1()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("run", "watch", new string('0', 32), "--patience", "0.5", "--server", "http://127.0.0.1:1");

        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.NotEmpty(lines[..^1]);
        Assert.All(lines[..^1], line => Assert.Contains("Trying again in", line, StringComparison.Ordinal));
        Assert.StartsWith("mfn: no server at http://127.0.0.1:1; start one with `mfn serve`", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run --help", "steer", "mfn run fork $id")]
    [InlineData("run watch --help", "--downsample", "--format png")]
    [InlineData("run steer --help", "replace", "mfn run steer ID step 10")]
    [InlineData("run create --help", "--until-steady", "mfn run create --name demo --grid 256 --forever")]
    public async Task Help_AnyCommand_ShowsOptionsAndExamples(string arguments, string option, string example)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(option, output, StringComparison.Ordinal);
        Assert.Contains(example, output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(TestServer server, string arguments) =>
        MfnProcess.RunAsync([.. arguments.Split(' '), "--server", server.Address.ToString()]);

    private static async Task<string> OutputAsync(TestServer server, string arguments)
    {
        var (exitCode, output, error) = await RunAsync(server, arguments);
        Assert.True(exitCode == 0, $"'{arguments}' exited with {exitCode}: {error}");
        return output.TrimEnd();
    }

    private static async Task<Run> GetAsync(TestServer server, string id) => (await server.Runs.GetRunAsync(new GetRunRequest { RunId = id })).Run;

    private static async Task<double[]> FieldAsync(TestServer server, string id)
    {
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        await foreach (var told in client.Runs.WatchAsync(new WatchRunRequest { RunId = id, FieldEncoding = FieldEncoding.Float64 }))
        {
            if (told is FrameEvent frame)
            {
                return frame.Cells.ToArray();
            }
        }

        throw new InvalidOperationException("The run has no frame.");
    }

    private static async Task<string> ReadUntilAsync(StreamReader reader, string text)
    {
        var read = new StringBuilder();
        var character = new char[1];
        while (!read.ToString().EndsWith(text, StringComparison.Ordinal) && await reader.ReadAsync(character).AsTask().Within() > 0)
        {
            read.Append(character);
        }

        return read.ToString();
    }

    private static string Text(JsonDocument json, string name) => json.RootElement.GetProperty(name).GetString()!;

    private static int Number(JsonDocument json, string name) => json.RootElement.GetProperty(name).GetInt32();
}
