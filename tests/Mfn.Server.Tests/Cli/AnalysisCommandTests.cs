using System.Text;
using System.Text.Json;
using Mfn.Client.Npy;

namespace Mfn.Server.Tests.Cli;

public sealed class AnalysisCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-cli-");

    [Fact]
    public async Task Features_History_EqualsWhatTheServerExtracts()
    {
        var frames = TestFields.History(12, 16, 16);
        var path = WriteHistory(frames);
        await using var server = await TestServer.StartAsync();
        var expected = await server.Features.ExtractFeaturesAsync(new Contracts.V1.ExtractFeaturesRequest
        {
            Frames = { frames },
            Options = new Contracts.V1.FeatureOptions { DefinitionVersion = "5.0", Connectivity = 8, MinBoxSize = 1, ScaleCount = 4 },
        });

        var (exitCode, output, _) = await MfnProcess.RunAsync(
            "features", path, "--json", "--version", "5.0", "--connectivity", "8", "--min-box", "1", "--scales", "4");

        using var json = JsonDocument.Parse(output);
        var properties = json.RootElement.GetProperty("features").EnumerateObject().ToArray();
        Assert.Equal(0, exitCode);
        Assert.Equal("D_box", properties[0].Name);
        Assert.Equal("cluster_size_std", properties[17].Name);
        Assert.Equal("T_stable", Assert.Single(expected.Features.Undefined).Name);
        Assert.Equal(expected.Features.Values.Where((_, i) => i != 10), properties[..18].Where((_, i) => i != 10).Select(property => property.Value.GetDouble()));
        Assert.Equal(("T_stable", JsonValueKind.Null), (properties[10].Name, properties[10].Value.ValueKind));
        Assert.Equal("the field was never stable for a whole window", properties[18].Value.GetProperty("T_stable").GetString());
    }

    [Fact]
    public async Task Features_Table_SaysWhatIsNotDefined()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("features", WriteField(8, 8, -0.07));

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Matches(@"\nV_mean +-70  mV\n", output);
        Assert.Matches(@"\ndV_mean +-  mV +there is only one frame\n", output);
    }

    [Fact]
    public async Task Simulate_WithFeatures_AddsThemToTheObject()
    {
        var (exitCode, output, _) = await MfnProcess.RunAsync("simulate", "--steps", "20", "--features", "--json");

        using var json = JsonDocument.Parse(output);
        var features = json.RootElement.GetProperty("features");
        Assert.Equal(0, exitCode);
        Assert.Equal(18, features.EnumerateObject().Count(feature => feature.Name != "undefined"));
        Assert.Equal(json.RootElement.GetProperty("max_potential_millivolts").GetDouble(), features.GetProperty("V_max").GetDouble(), 1e-12);
        Assert.True(features.GetProperty("dV_mean").GetDouble() > 0);
    }

    [Fact]
    public async Task Fractal_Subcommands_PrintJson()
    {
        var square = WriteField(32, 32, 0);
        var points = Path.Combine(_folder.FullName, "points.npy");

        var dimension = await JsonAsync("fractal", "dimension", square, "--version", "5.0", "--threshold", "-10", "--json");
        var ifs = await JsonAsync("fractal", "ifs", "--seed", "3", "--points", "1500", "--maps", "2", "--out", points, "--json");
        var stability = await JsonAsync("fractal", "stability", WriteHistory(TestFields.History(5, 4, 4)), "--time-step", "0.5", "--json");

        Assert.Equal(2.0, dimension.GetProperty("dimension").GetDouble(), 1e-12);
        Assert.Equal(2, ifs.GetProperty("maps").GetArrayLength());
        using var reader = NpyReader.Open(points);
        Assert.Equal([1500, 2], reader.Shape);
        Assert.True(stability.GetProperty("max_change_volts").GetDouble() > stability.GetProperty("mean_change_volts").GetDouble());
    }

    [Theory]
    [InlineData("features")]
    [InlineData("fractal stability")]
    public async Task SeveralFiles_AnyFormat_AreAnsweredEachAsAlone(string command)
    {
        var files = new[] { WriteHistory(TestFields.History(5, 8, 8), "first"), WriteHistory(TestFields.History(7, 16, 12), "second") };
        var alone = new List<string>();
        foreach (var file in files)
        {
            alone.Add((await JsonAsync([.. command.Split(' '), file, "--json"])).GetRawText());
        }

        var (_, array, _) = await MfnProcess.RunAsync([.. command.Split(' '), .. files, "--json"]);
        var (_, lines, _) = await MfnProcess.RunAsync([.. command.Split(' '), .. files, "-o", "jsonl"]);

        using var json = JsonDocument.Parse(array);
        Assert.Equal(files, json.RootElement.EnumerateArray().Select(each => each.GetProperty("file").GetString()));
        Assert.Equal(alone, json.RootElement.EnumerateArray().Select(each => each.GetRawText()));
        Assert.Equal(alone, lines.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Validate_Json_HasNamesWithUnits()
    {
        var report = await JsonAsync("validate", "--grid", "16", "--steps", "8", "--epochs", "2", "--seed", "5", "--json");

        Assert.Equal(
            [
                "start_loss", "final_loss", "loss_drop", "min_potential_millivolts", "max_potential_millivolts", "example_fractal_dimension", "lyapunov_exponent",
                "mean_lyapunov_exponent", "growth_events", "symbolic_nernst_potential_millivolts", "nernst_potential_millivolts", "nernst_slope_millivolts",
            ],
            report.EnumerateObject().Select(property => property.Name));
        Assert.InRange(report.GetProperty("min_potential_millivolts").GetDouble(), -95, report.GetProperty("max_potential_millivolts").GetDouble());
    }

    [Fact]
    public async Task Goldman_SeveralIons_PrintsThePotential()
    {
        var one = await JsonAsync("goldman", "--ion", "1,0.005,0.140", "--json");
        var (exitCode, output, _) = await MfnProcess.RunAsync("goldman", "--ion", "1,0.005,0.140", "--ion", "0.45,0.120,0.004,-1");

        Assert.Equal(-89.01066911987907, one.GetProperty("potential_millivolts").GetDouble(), 1e-10);
        Assert.Equal(0, exitCode);
        Assert.Matches(@"^-\d+\.\d{3} mV\n$", output);
    }

    [Fact]
    public async Task NernstAndGoldman_BelowTheReferencesFloor_AreExactUnlessItIsAskedFor()
    {
        var goldman = await JsonAsync("goldman", "--ion", "1,4e-8,1e-7", "--json");
        var flooredGoldman = await JsonAsync("goldman", "--ion", "1,4e-8,1e-7", "--reference-floor", "--json");
        var nernst = await JsonAsync("nernst", "--valence", "2", "--out-molar", "0.002", "--in-molar", "1e-7", "--json");
        var flooredNernst = await JsonAsync("nernst", "--valence", "2", "--out-molar", "0.002", "--in-molar", "1e-7", "--reference-floor", "--json");

        Assert.Equal(-24.476, goldman.GetProperty("potential_millivolts").GetDouble(), 0.0005);
        Assert.Equal(0, goldman.GetProperty("raised_to_floor").GetArrayLength());
        Assert.Equal(0, flooredGoldman.GetProperty("potential_millivolts").GetDouble());
        Assert.Equal(2, flooredGoldman.GetProperty("raised_to_floor").GetArrayLength());
        Assert.Equal(132.272, nernst.GetProperty("potential_millivolts").GetDouble(), 0.0005);
        Assert.False(nernst.GetProperty("inside_raised_to_floor").GetBoolean());
        Assert.Equal(101.519, flooredNernst.GetProperty("potential_millivolts").GetDouble(), 0.0005);
        Assert.True(flooredNernst.GetProperty("inside_raised_to_floor").GetBoolean());
    }

    [Theory]
    [InlineData("features /nowhere.npy", "Could not find file '/nowhere.npy'")]
    [InlineData("features /nowhere.npy FIELD /nor-here.npy", "mfn: Could not find file '/nowhere.npy'.\nmfn: Could not find file '/nor-here.npy'.\n")]
    [InlineData("features", "FIELD.npy is missing: ")]
    [InlineData("features FIELD --connectivity 5", "mfn: --connectivity must be 4 or 8, but was 5.")]
    [InlineData("features FIELD --version 4.7", "--version must be 4.1 or 5.0, but was '4.7'.")]
    [InlineData("features NAN", "nan.npy', frame 0: values must be between -1000 and 1000 V, but the cell in row 1, column 0 was NaN.")]
    [InlineData("features VECTOR", "its shape must be (rows, columns) or (frames, rows, columns), of at most 16777216 cells a frame, but is (4)")]
    [InlineData("features BIG", "of at most 16777216 cells a frame, but is (1, 4097, 4096)")]
    [InlineData("features EMPTY", "its shape must be (rows, columns) or (frames, rows, columns), of at most 16777216 cells a frame, but is (0, 2, 2)")]
    [InlineData("features INTEGERS", "but are integers ('<i8'), which must be cast explicitly (castIntegers; --cast of mfn).")]
    [InlineData("fractal dimension TWO", "two.npy' cannot be used: it must hold one field, but holds several.")]
    [InlineData("fractal dimension FIELD --scales 1", "--scales must be between 2 and 20, but was 1.")]
    [InlineData("fractal ifs --points 10", "--points must be between 1000 and 100000, but was 10.")]
    [InlineData("fractal stability FIELD --time-step 0", "--time-step must be between 1E-100 and 1E+100, but was 0.")]
    [InlineData("validate --epochs 0 --grid 7", "mfn: --epochs must be between 1 and 100, but was 0.\nmfn: --grid must be between 8 and 256, but was 7.")]
    [InlineData("goldman --ion 1,2", "--ion must be P,OUT,IN or P,OUT,IN,Z with numbers, but was '1,2'.")]
    [InlineData("goldman --ion 1,2,3,4", "--ion '1,2,3,4': valence must be 1 or -1 (the equation holds for monovalent ions alone), but was 4.")]
    public async Task AnyCommand_BadArguments_ExitsWith2AndTheReason(string arguments, string reason)
    {
        var paths = new Dictionary<string, string>
        {
            ["FIELD"] = WriteField(4, 4, -0.07),
            ["NAN"] = Write("nan", [0, 0, double.NaN, 0], 2, 2),
            ["VECTOR"] = Write("vector", [0, 0, 0, 0], 4),
            ["EMPTY"] = Write("empty", [], 0, 2, 2),
            ["BIG"] = WriteRaw("big", "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 4097, 4096), }", 8 * 4097 * 4096),
            ["TWO"] = Write("two", [0, 0, 0, 0, 0, 0, 0, 0], 2, 2, 2),
            ["INTEGERS"] = WriteRaw("integers", "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), }"),
        };

        var (exitCode, output, error) = await MfnProcess.RunAsync([.. arguments.Split(' ').Select(word => paths.GetValueOrDefault(word, word))]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("features --help", "mfn features history.npy")]
    [InlineData("fractal --help", "mfn fractal ifs")]
    [InlineData("fractal dimension --help", "mfn fractal dimension field.npy")]
    [InlineData("fractal ifs --help", "mfn fractal ifs --seed 7")]
    [InlineData("fractal stability --help", "mfn fractal stability history.npy")]
    [InlineData("validate --help", "mfn validate --seed 42")]
    [InlineData("goldman --help", "mfn goldman --ion")]
    public async Task Help_AnyCommand_ShowsExamples(string arguments, string example)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(example, output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(arguments);
        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        return json.RootElement.Clone();
    }

    private string WriteField(int rowCount, int columnCount, double volts) =>
        Write("field", [.. Enumerable.Repeat(volts, rowCount * columnCount)], rowCount, columnCount);

    private string WriteHistory(Contracts.V1.Field[] frames, string name = "history") => Write(
        name, [.. frames.SelectMany(frame => Mfn.Client.FieldExtensions.ToCells(frame))], frames.Length, frames[0].Rows, frames[0].Columns);

    private string Write(string name, double[] values, params int[] shape)
    {
        var path = Path.Combine(_folder.FullName, $"{name}.npy");
        NpyFile.Write(path, values, shape);
        return path;
    }

    private string WriteRaw(string name, string header, long bytes = 8)
    {
        var path = Path.Combine(_folder.FullName, $"{name}.npy");
        using var file = File.Create(path);
        file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header)]);
        file.SetLength(file.Length + bytes);
        return path;
    }
}
