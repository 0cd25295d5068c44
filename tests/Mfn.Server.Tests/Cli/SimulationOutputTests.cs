using Mfn.Client.Npy;
using Mfn.Server.Tests.Cli.Pictures;

namespace Mfn.Server.Tests.Cli;

public sealed class SimulationOutputTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-simulate-");

    [Fact]
    public async Task Simulate_EveryOutput_IsOfTheFramesShown()
    {
        var (field, history, picture, frames) = (PathOf("field.npy"), PathOf("history.npy"), PathOf("field.png"), PathOf("frames"));

        var (exitCode, output, error) = await MfnProcess.RunAsync(
            "simulate", "--grid", "8", "--steps", "9", "--every", "4", "--out", field, "--out-history", history, "--out-picture", picture, "--out-frames", frames, "--scale", "2");

        Assert.Equal(0, exitCode);
        Assert.EndsWith($"wrote {field}\nwrote {history}, 3 x 8 x 8 doubles\nwrote {picture}, 16 x 16 pixels\nwrote 3 pictures to {frames}\n", output + error, StringComparison.Ordinal);
        Assert.Equal(Read(field, 1), Read(history, 3)[^64..]);
        string[] names = ["step-0000000004-0000.png", "step-0000000008-0000.png", "step-0000000009-0000.png"];
        Assert.Equal(names, Directory.GetFiles(frames).Select(Path.GetFileName).Order());
        var last = PngFileTests.NaiveDecode(await File.ReadAllBytesAsync(Path.Combine(frames, names[^1])));
        var alone = PngFileTests.NaiveDecode(await File.ReadAllBytesAsync(picture));
        Assert.Equal(last.Pixels, alone.Pixels);
        Assert.Contains(("Step", "9"), alone.Texts);
        Assert.Equal(["field.npy", "field.png", "history.npy"], _folder.GetFiles().Select(file => file.Name).Order());
    }

    [Fact]
    public async Task Simulate_TerminalWithoutASize_IsDrawnAsOnTheUsualOne()
    {
        var (exitCode, screen) = await Pseudoterminal.RunAsync(new Dictionary<string, string>(), ["simulate", "--grid", "8", "--steps", "3"], hasSize: false);

        Assert.Equal(0, exitCode);
        Assert.Contains("8 x 8 cells  3 steps  seed 42", screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--scale 2", "--scale: only with --out-picture, --out-frames or --movie.")]
    [InlineData("--colorbar --out-history history.npy", "--colorbar: only with --out-picture, --out-frames or --movie.")]
    [InlineData("--out-picture field.png --scale 65", "--scale must be between 1 and 64, but was 65.")]
    [InlineData("--out-picture field.png --grid 1024 --scale 9", "--scale 9 would make a picture of 1024 x 1024 cells 9216 pixels large")]
    [InlineData("--out-picture /nowhere/field.png", "--out-picture must be a file in an existing folder")]
    [InlineData("--out-history /nowhere/history.npy", "--out-history must be a file in an existing folder")]
    [InlineData("--out-frames /dev/null", "--out-frames must be a folder")]
    [InlineData("--out-frames /nowhere/at/all", "--out-frames must be a folder, or a new one in an existing folder, but '/nowhere/at/all' is not: there is no '/nowhere/at'.")]
    [InlineData("--out a.npy --out-history ./a.npy", "--out and --out-history must be files of their own, but both are 'a.npy'.")]
    [InlineData("--out-picture a.npy --out a.npy", "--out and --out-picture must be files of their own, but both are 'a.npy'.")]
    [InlineData("--movie field.webp", "--movie must be an animated PNG, a file such as movie.png, but was 'field.webp'; other formats are not written.")]
    [InlineData("--movie field.png --colorbar --range each", "--movie has one colour bar for all frames, which --range each has not.")]
    [InlineData("--movie field.png --frame-rate 101", "--frame-rate must be between 1 and 100, but was 101.")]
    [InlineData("--frame-rate 5", "--frame-rate: only with --movie.")]
    [InlineData("--movie field.png --steps 2000 --every 1", "--movie may have 1000 frames at most, but would have 2000; --every makes them fewer.")]
    [InlineData("--range 1", "--range must be LOW,HIGH in mV")]
    [InlineData("--range -inf,1", "--range must be LOW,HIGH in mV")]
    public async Task Simulate_BadOutput_ExitsWith2AndTheReason(string arguments, string reason)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(["simulate", .. arguments.Split(' ')]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static double[] Read(string path, int frameCount)
    {
        using var reader = NpyReader.Open(path);
        var cells = new double[frameCount * 64];
        reader.Read(cells);
        return cells;
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
