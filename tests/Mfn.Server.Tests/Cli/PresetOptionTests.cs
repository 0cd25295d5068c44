using System.CommandLine;
using Mfn.Cli;
using Mfn.Contracts.V1;
using Mfn.Core.Gallery;
using Mfn.Core.Simulation;
using Mfn.Server.Tests.Runs;
using SimulationSpec = Mfn.Contracts.V1.SimulationSpec;

namespace Mfn.Server.Tests.Cli;

/// <summary>Presets of the gallery by name, wherever a simulation is described.</summary>
public sealed class PresetOptionTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-presets-");

    public static TheoryData<string> Names => [.. PresetGallery.All.Select(preset => preset.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Read_PresetAlone_IsThePreset(string name)
    {
        var (expected, spec) = (PresetGallery.Find(name)!.Spec, Read("--preset", name));

        // Its number of steps may be more than a server takes at once.
        Assert.Equal((expected.StepCount, (long)expected.Seed), (spec.Steps, spec.Seed));
        spec.Steps = 1;
        using var one = new SimulationEngine(expected);
        using var other = new SimulationEngine(spec.ToCore());
        one.Advance(3);
        other.Advance(3);
        Assert.Equal(one.Capture().Species.Select(cells => cells.ToArray()), other.Capture().Species.Select(cells => cells.ToArray()));
        Assert.Equal(expected.Pattern!.Kinetics, other.Spec.Pattern!.Kinetics);
        Assert.Equal(one.Capture().Generator, other.Capture().Generator);
    }

    [Fact]
    public void Read_OtherOptions_ChangeThePresetAndNothingElse()
    {
        const string Name = "gray-scott-F0.037-k0.060";
        var expected = Read("--preset", Name);
        Assert.Equal(InitialShape.Patches, expected.Initial.Shape);
        expected.GrayScott.FeedRate = 0.04;
        (expected.Domain.Rows, expected.Domain.TimeStep, expected.Steps, expected.Seed) = (32, 0.5, 7, 9);
        expected.Domain.Boundaries.Clear();
        expected.Domain.Boundaries.Add(new SpeciesBoundary { Kind = Boundary.Neumann });
        expected.Domain.Laplacian = LaplacianStencil.NinePoint;
        expected.Precision = Contracts.V1.Precision.Binary32;
        expected.Noise = new Noise { Additive = { 0.001 } };
        expected.Initial.Noise = 0.25;

        Assert.Equal(expected, Read(
            "--preset", Name, "--kinetics", "gray-scott:F=0.04", "--rows", "32", "--time-step", "0.5", "--steps", "7", "--seed", "9", "--boundary", "neumann", "--laplacian", "9",
            "--precision", "f32", "--noise", "0.001", "--initial-noise", "0.25"));

        // Concentrations make another beginning, without the preset's patches.
        var uniform = Read("--preset", Name, "--initial-uniform", "0.5,0.25").Initial;
        Assert.Equal(new InitialPattern { Uniform = { 0.5, 0.25 }, Noise = Read("--preset", Name).Initial.Noise }, uniform);
    }

    /// <summary>The same holds of what a model begins with by itself.</summary>
    [Fact]
    public void Read_NoiseOfTheModelsOwnBeginning_KeepsItsPatches()
    {
        var initial = Read("--kinetics", "gray-scott", "--initial-noise", "0.25").Initial;

        Assert.Equal((InitialShape.Patches, 12, 5, 0.25), (initial.Shape, initial.PatchCount, initial.Size, initial.Noise));
    }

    [Fact]
    public async Task Simulate_PresetWithMoreStepsThanAServerTakes_HasTheBitsOfThePreset()
    {
        var path = Path.Combine(_folder.FullName, "final.npy");
        var preset = PresetGallery.Find("gierer-meinhardt-b0.5-d20")!;
        Assert.Equal(20_000, preset.Spec.StepCount);

        var (exitCode, _, error) = await InProcess.RunAsync("simulate", "--preset", preset.Name, "--rows", "6", "--columns", "7", "--out", path, "-q");

        Assert.Equal((0, ""), (exitCode, error));
        using var engine = new SimulationEngine(preset.Spec with { Pattern = preset.Pattern with { RowCount = 6, ColumnCount = 7 } });
        engine.Advance(preset.Spec.StepCount);
        using var history = Mfn.Cli.NpyHistory.Open(path, castIntegers: false);
        Assert.Equal([engine.Species(0).ToArray(), engine.Species(1).ToArray()], history.Frames().Select(field => Mfn.Client.FieldExtensions.ToCells(field)));
    }

    [Fact]
    public async Task CreateRun_Preset_StopsAfterItsSteps()
    {
        await using var server = await TestServer.StartAsync();
        var preset = PresetGallery.Find("gray-scott-F0.046-k0.063")!;

        await CreateAsync("--name", "a");
        await CreateAsync("--name", "b", "--steps", "30");
        await CreateAsync("--name", "c", "--forever");

        Assert.Equal((30_000, false), (await StopAsync("a")).Told);
        Assert.Equal((30, false), (await StopAsync("b")).Told);
        Assert.Equal((0, true), (await StopAsync("c")).Told);
        Assert.Equal(preset.Pattern.Kinetics, (await StopAsync("a")).Run.Spec.ToCore().Pattern!.Kinetics);

        async Task CreateAsync(params string[] arguments)
        {
            var (exitCode, _, error) = await InProcess.RunAsync(["run", "create", "--preset", preset.Name, "--paused", "--server", $"{server.Address}", "-q", .. arguments]);
            Assert.Equal((0, ""), (exitCode, error));
        }

        async Task<(Run Run, (long Step, bool Never) Told)> StopAsync(string name)
        {
            var run = (await server.Runs.ListRunsAsync(new ListRunsRequest { Name = name })).Runs[0];
            run.Spec.ClearSteps();
            return (run, (run.Stop.AfterStep, run.Stop.Never));
        }
    }

    [Theory]
    [InlineData("explain --preset gray-scott-F0.037-k0.6", "--preset must be small, medium, large or one that mfn gallery --list has, but was 'gray-scott-F0.037-k0.6'; did you mean gray-scott-F0.037-k0.060?")]
    [InlineData("simulate --preset swift-hohenberg", "--preset must be small, medium, large or one that mfn gallery --list has, but was 'swift-hohenberg'; did you mean swift-hohenberg-r0.3-g0 or swift-hohenberg-r0.1-g1?")]
    [InlineData("explain --preset brusselator-A3-B9-Du5-Dv12 --kinetics barkley --grid 8", "--kinetics must be brusselator, as the preset's, but was barkley.", "--grid: only without a --preset of the gallery.")]
    [InlineData("explain --preset small --kinetics barkley", "--preset: only without --kinetics, but for presets of the gallery.")]
    [InlineData("explain --preset small --rows 8", "--rows: only with --kinetics or a preset of the gallery.")]
    [InlineData("simulate --steps 1000001", "--steps must be between 1 and 1000000, but was 1000001.")]
    public async Task Preset_ThatCannotBe_IsRefusedWithAllProblems(string arguments, params string[] problems)
    {
        var (exitCode, output, error) = await InProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Equal(problems.Select(problem => $"mfn: {problem}"), error.Split('\n').Where(line => line.StartsWith("mfn: ", StringComparison.Ordinal)));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static SimulationSpec Read(params string[] arguments)
    {
        var options = new SpecOptions();
        var command = new Command("describe");
        options.AddTo(command);
        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return options.Read(parsed);
    }
}
