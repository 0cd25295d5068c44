using System.Text;
using System.Text.Json;
using Mfn.Client.Npy;

namespace Mfn.Server.Tests.Cli;

public sealed class AggregateCommandTests : IDisposable
{
    private static readonly double[] Ramp = [1, 2, 3, 4, 5, 6, 7, 8, 9];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-cli-");

    [Theory]
    [InlineData("krum --variant byzfl-compat", new[] { 1.0, 2, 3 })]
    [InlineData("multi-krum --variant byzfl-compat", new[] { 2.5, 3.5, 4.5 })]
    [InlineData("mda", new[] { 2.5, 3.5, 4.5 })]
    [InlineData("meamed", new[] { 2.5, 3.5, 4.5 })]
    [InlineData("trimmed-mean", new[] { 4.0, 5, 6 })]
    [InlineData("median", new[] { 4.0, 5, 6 })]
    [InlineData("geometric-median", new[] { 4.0, 5, 6 })]
    [InlineData("centered-clipping --tau 100 --iterations 1", new[] { 4.0, 5, 6 })]
    public async Task Aggregate_PublishedRamp_WritesWhatIsPublished(string rule, double[] expected)
    {
        var output = Path.Combine(_folder.FullName, "aggregate.npy");

        var json = await JsonAsync($"aggregate {Write("ramp", Ramp, 3, 3)} --byzantine 1 --json --out {output} --rule {rule}");

        Assert.Equal(expected, ReadVector(output));
        Assert.Equal(rule.Split(' ')[0], json.GetProperty("rule").GetString());
        Assert.Equal((3, 1), (json.GetProperty("n").GetInt32(), json.GetProperty("f").GetInt32()));
    }

    [Fact]
    public async Task Aggregate_FlowersExamples_AreAsPublished()
    {
        var output = Path.Combine(_folder.FullName, "aggregate.npy");
        var three = WriteSingles("three", [0.2f, 0.2f, 0.7f, 0.7f, 1, 1], 3, 2);
        var one = WriteSingles("one", [0.2f, 0.5f, 1], 3, 1);
        var four = WriteSingles("four", [0.5f, 0.5f, 0.5f, 0.5f, 1, 0.2f, 0.5f, 1, 0.2f, 0.5f, 1, 0.2f, 0.5f, 1, 0.2f, 0.5f], 4, 4);

        var krum = await JsonAsync($"aggregate {three} --byzantine 1 --rule krum --variant flower-compat --json --out {output}");
        Assert.Equal([0.7f, 0.7f], ReadVector(output).Select(x => (float)x));
        Assert.Equal("flower-compat", krum.GetProperty("variant").GetString());
        Assert.Equal([1], Rows(krum, "selected"));
        Assert.Equal([0, 2], krum.GetProperty("excluded").EnumerateArray().Select(each => each.GetProperty("row").GetInt32()));
        Assert.All(krum.GetProperty("excluded").EnumerateArray(), each => Assert.Equal("not_selected", each.GetProperty("reason").GetString()));
        Assert.Equal(3, krum.GetProperty("scores").GetArrayLength());

        await JsonAsync($"aggregate {one} --byzantine 1 --rule multi-krum --variant flower-compat --keep 2 --json --out {output}");
        Assert.Equal([0.35f], ReadVector(output).Select(x => (float)x));
        await JsonAsync($"aggregate {four} --byzantine 1 --rule trimmed-mean --json --out {output}");
        Assert.Equal([0.5, 0.5, 0.5, 0.5], ReadVector(output));

        var (exitCode, _, error) = await MfnProcess.RunAsync("aggregate", three, "--byzantine", "1", "--rule", "krum");
        Assert.Equal(2, exitCode);
        Assert.Contains("FAILED_PRECONDITION: krum (blanchard2017) needs n >= 2f + 3, but n = 3 and f = 1; the largest legal f is 0.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregate_RowsThatDoNotCount_AreListedWithTheReason()
    {
        var path = Write("bad", [1, 2, 1, double.NaN, 1, 1e200, 3, 2, double.NegativeInfinity, 0], 5, 2);

        var json = await JsonAsync($"aggregate {path} --byzantine 0 --rule median --json");
        var (exitCode, text, _) = await MfnProcess.RunAsync("aggregate", path, "--byzantine", "0", "--rule", "median");

        Assert.Equal((5, 2), (json.GetProperty("received").GetInt32(), json.GetProperty("n").GetInt32()));
        Assert.Equal([0, 3], Rows(json, "selected"));
        Assert.Equal(
            [(1, "not_finite"), (2, "out_of_range"), (4, "not_finite")],
            json.GetProperty("excluded").EnumerateArray().Select(each => (each.GetProperty("row").GetInt32(), each.GetProperty("reason").GetString()!)));
        Assert.Equal(0, exitCode);
        Assert.Contains("median: n = 2, f = 0; 3 of 5 updates refused", text, StringComparison.Ordinal);
        Assert.Contains("2 has a component 1 of 1E+200, which is beyond single precision (out_of_range)", text, StringComparison.Ordinal);
        Assert.Contains("aggregate  2 2", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregate_ManyRows_KeepTheirNumericOrder()
    {
        // All rows are equal, so that every choice is a tie: it is the first row's.
        var path = WriteSingles("ties", [.. Enumerable.Repeat(1f, 120)], 120, 1);

        var json = await JsonAsync($"aggregate {path} --byzantine 3 --rule multi-krum --keep 12 --json");

        Assert.Equal(Enumerable.Range(0, 12), Rows(json, "selected"));
        Assert.Equal(Enumerable.Range(12, 108), json.GetProperty("excluded").EnumerateArray().Select(each => each.GetProperty("row").GetInt32()));
    }

    [Fact]
    public async Task Aggregate_LargeFileOnAnotherServer_IsStreamed()
    {
        await using var server = await TestServer.StartAsync();
        var path = WriteSingles("large", [.. Enumerable.Range(0, 10 * 60_000).Select(i => (float)(i % 7))], 10, 60_000);

        var json = await JsonAsync($"aggregate {path} --byzantine 0 --rule hierarchical-krum --clusters 3 --seed 5 --json --server {server.Address}");

        Assert.Equal("hierarchical-krum", json.GetProperty("rule").GetString());
        Assert.Equal(9, json.GetProperty("excluded").GetArrayLength());
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    [Theory]
    [InlineData("krum")]
    [InlineData("hierarchical-krum --clusters 4")]
    [InlineData("hierarchical-krum --variant mfn-4.1-compat --clusters 4")]
    [InlineData("bulyan --pre adaptive-clip")]
    [InlineData("geometric-median --pre bucketing")]
    [InlineData("centered-clipping --pre clip --clip-norm 3")]
    [InlineData("trimmed-mean --pre nnm --norm-cap 1e5")]
    public async Task Aggregate_HereOrOnAServer_IsTheSame(string rule)
    {
        await using var server = await TestServer.StartAsync();
        var values = Enumerable.Range(0, 40 * 700).Select(i => Math.Sin(i * 1.7) * (1 + (i % 3))).ToArray();
        (values[699], values[5 * 700], values[(7 * 700) + 3], values[9 * 700]) = (double.NaN, 1e200, double.PositiveInfinity, 1e7);
        var command = $"aggregate {Write("updates", values, 40, 700)} --byzantine 3 --json --rule {rule} --out";
        var (here, there) = (Path.Combine(_folder.FullName, "here.npy"), Path.Combine(_folder.FullName, "there.npy"));

        var (_, text, error) = await MfnProcess.RunAsync($"{command} {here}".Split(' '));
        var (_, expectedText, expectedError) = await MfnProcess.RunAsync($"{command} {there} --server {server.Address}".Split(' '));

        Assert.Equal((expectedText, $"wrote {there}\n", $"wrote {here}\n"), (text, expectedError, error));
        Assert.Contains("beyond single precision", text, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllBytesAsync(there), await File.ReadAllBytesAsync(here));
    }

    [Fact]
    public async Task Aggregate_MoreThanTheMachineHolds_IsRefusedBeforeItIsTried()
    {
        // The distances between 46 340 updates are 17 GB, a set of them 137 GB.
        var path = WriteSingles("many", new float[46_340], 46_340, 1);

        var (exitCode, output, error) = await MfnProcess.RunAsync("aggregate", path, "--byzantine", "1", "--rule", "mda");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("RESOURCE_EXHAUSTED: 46340 updates of 1 components take ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregate_ServerThatTakesOnlySmallMessages_IsSentSuch()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxRequestBytes=2000");
        var path = WriteSingles("large", [.. Enumerable.Range(0, 10 * 6_000).Select(i => (float)(i % 7))], 10, 6_000);
        var command = $"aggregate {path} --byzantine 0 --rule median --server {server.Address}";

        var (exitCode, _, error) = await MfnProcess.RunAsync(command.Split(' '));
        await JsonAsync($"{command} --message-bytes 2000 --json");

        Assert.Equal(1, exitCode);
        Assert.Contains("RESOURCE_EXHAUSTED: The request message exceeds the server's limit of 2000 bytes.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregate_PreAggregations_AreSent()
    {
        var output = Path.Combine(_folder.FullName, "aggregate.npy");
        var path = Write("ramp", Ramp, 3, 3);

        await JsonAsync($"aggregate {path} --byzantine 1 --rule multi-krum --variant flower-compat --keep 3 --pre nnm --json --out {output}");
        Assert.Equal([3.5, 4.5, 5.5], ReadVector(output));
        await JsonAsync($"aggregate {path} --byzantine 1 --rule krum --variant byzfl-compat --pre clip --clip-norm 2 --pre adaptive-clip --json --out {output}");
        Assert.Equal(4.0, ReadVector(output).Sum(x => x * x), 1e-5);

        var buckets = await JsonAsync($"aggregate {path} --byzantine 0 --rule median --pre bucketing --bucket-size 3 --seed 1 --json --out {output}");
        Assert.Equal([4.0, 5, 6], ReadVector(output));
        Assert.Equal([0, 1, 2], Rows(buckets, "selected"));
    }

    [Fact]
    public async Task Aggregate_GeometricMedian_TellsHowManyStepsItTookAndWhetherTheyWereEnough()
    {
        var path = Write("lopsided", [0, 0, 0, 9, 4, 1, 1, 5, 7, 7, 20, 3], 6, 2);
        var command = $"aggregate {path} --byzantine 1 --rule geometric-median";

        var plain = await JsonAsync($"{command} --json");
        var loose = await JsonAsync($"{command} --tolerance 0.01 --json");
        var (_, text, _) = await MfnProcess.RunAsync($"{command} --iterations 1".Split(' '));

        Assert.True(plain.GetProperty("converged").GetBoolean() && loose.GetProperty("converged").GetBoolean());
        Assert.InRange(loose.GetProperty("iterations").GetInt32(), 1, plain.GetProperty("iterations").GetInt32() - 1);
        Assert.Contains("steps      1, not converged", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aggregate", "UPDATES is missing: ")]
    [InlineData("aggregate RAMP --rule krum", "--byzantine F is required.")]
    [InlineData("aggregate RAMP --byzantine 1", "--rule krum|multi-krum")]
    [InlineData("aggregate RAMP --byzantine 1 --rule best", "--rule must be krum, multi-krum, ")]
    [InlineData("aggregate RAMP --byzantine one --rule krum", "--byzantine must be a whole number of at most 2147483647, but was 'one'.")]
    [InlineData("aggregate RAMP --byzantine -1 --rule krum", "mfn: --byzantine must be between 0 and 2147483647, but was -1.")]
    [InlineData("aggregate RAMP --byzantine 2 --rule median", "FAILED_PRECONDITION: median needs n >= 2f + 1, but n = 3 and f = 2; the largest legal f is 1.")]
    [InlineData("aggregate RAMP --byzantine 1 --rule median --keep 2 --tau 3 --variant byzfl-compat", "mfn: --variant: only for the Krum rules.\nmfn: --keep: only for --rule multi-krum.\nmfn: --tau: only for --rule centered-clipping.")]
    [InlineData("aggregate RAMP --byzantine 1 --rule krum --tolerance 0.1 --iterations 3", "--iterations: only for --rule centered-clipping and --rule geometric-median.\nmfn: --tolerance: only for --rule geometric-median.")]
    [InlineData("aggregate RAMP --byzantine 1 --rule geometric-median --tolerance 1", "mfn: --tolerance must be between 1E-14 and 0.1, but was 1.")]
    [InlineData("aggregate RAMP --byzantine 1 --rule geometric-median --tolerance small", "--tolerance must be a number, but was 'small'.")]
    [InlineData("aggregate RAMP --byzantine 1 --rule median --pre clip", "--pre clip needs --clip-norm.")]
    [InlineData("aggregate RAMP --byzantine 1 --rule median --pre clip --clip-norm 0", "mfn: --clip-norm must be finite and above 0, but was 0.")]
    [InlineData("aggregate RAMP --byzantine 1 --rule median --seed 4", "--seed: only for --rule hierarchical-krum and --pre bucketing.")]
    [InlineData("aggregate RAMP --byzantine 1 --rule median --out /nowhere/a.npy", "--out must be a file in an existing folder")]
    [InlineData("aggregate RAMP --byzantine 1 --rule median --message-bytes 1000 --server http://127.0.0.1:1", "--message-bytes must be between 1024 and 67108864, but was 1000.")]
    [InlineData("aggregate VECTOR --byzantine 1 --rule median", "FAILED_PRECONDITION: median needs n >= 2f + 1, but n = 1 and f = 1")]
    [InlineData("aggregate EMPTY --byzantine 1 --rule median", "its shape must be (updates, components), or (components) for one update, but is (0, 2)")]
    [InlineData("aggregate RAMP VECTOR --byzantine 1 --rule median", "its updates have 4 components, but those before it 3.")]
    [InlineData("aggregate INTEGERS --byzantine 1 --rule median", "but are integers ('<i8'), which must be cast explicitly (castIntegers; --cast of mfn).")]
    [InlineData("aggregate /nowhere.npy --byzantine 1 --rule median", "Could not find file '/nowhere.npy'")]
    [InlineData("attack --byzantine 0 --honest 0", "--honest must be between 2 and 1000, but was 0.\nmfn: --byzantine must be between 1 and 1000, but was 0.")]
    [InlineData("attack RAMP --honest 4", "--honest: only without HONEST.npy.")]
    [InlineData("attack NAN", "Honest updates must be finite in single precision, but row 1 has a component 0 of NaN.")]
    [InlineData("attack HUGE", "Honest updates must be finite in single precision, but row 0 has a component 1 of 1E+200.")]
    [InlineData("attack SAME", "The honest updates are all the same, so that there is no spread to measure distances by.")]
    [InlineData("attack --svg /nowhere/a.svg", "--svg must be a file in an existing folder")]
    public async Task AnyCommand_BadInput_ExitsWith2AndTheReason(string arguments, string reason)
    {
        var integers = Path.Combine(_folder.FullName, "integers.npy");
        const string Header = "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), }";
        await File.WriteAllBytesAsync(integers, [0x93, .. "NUMPY"u8, 1, 0, (byte)Header.Length, 0, .. Encoding.ASCII.GetBytes(Header), .. new byte[8]]);
        var paths = new Dictionary<string, string>
        {
            ["RAMP"] = Write("ramp", Ramp, 3, 3),
            ["VECTOR"] = Write("vector", [1, 2, 3, 4], 4),
            ["EMPTY"] = Write("empty", [], 0, 2),
            ["SAME"] = Write("same", [1, 2, 1, 2], 2, 2),
            ["NAN"] = Write("nan", [1, 2, double.NaN, 3], 2, 2),
            ["HUGE"] = Write("huge", [1, 1e200], 1, 2),
            ["INTEGERS"] = integers,
        };

        var (exitCode, output, error) = await MfnProcess.RunAsync([.. arguments.Split(' ').Select(word => paths.GetValueOrDefault(word, word))]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregate_NoServer_ExitsWith1AndSaysWhatToDo()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(
            "aggregate", Write("ramp", Ramp, 3, 3), "--byzantine", "1", "--rule", "median", "--server", "http://127.0.0.1:1");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.StartsWith("mfn: no server at http://127.0.0.1:1; start one", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aggregate --help", "--byzantine-fraction", "mfn aggregate gradients.npy --byzantine 2 --rule multi-krum")]
    [InlineData("attack --help", "--components", "mfn attack gradients.npy --byzantine 4 --svg attacks.svg")]
    public async Task Help_Commands_ShowOptionsAndExamples(string arguments, string option, string example)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(option, output, StringComparison.Ordinal);
        Assert.Contains(example, output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<JsonElement> JsonAsync(string arguments)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(arguments.Split(' '));
        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        return json.RootElement.Clone();
    }

    private static int[] Rows(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(each => each.GetInt32())];

    private static double[] ReadVector(string path)
    {
        using var reader = NpyReader.Open(path);
        Assert.False(reader.IsDouble);
        var vector = new double[Assert.Single(reader.Shape)];
        reader.Read(vector);
        return vector;
    }

    private string Write(string name, double[] values, params int[] shape)
    {
        var path = Path.Combine(_folder.FullName, $"{name}.npy");
        NpyFile.Write(path, values, shape);
        return path;
    }

    private string WriteSingles(string name, float[] values, params int[] shape)
    {
        var path = Path.Combine(_folder.FullName, $"{name}.npy");
        NpyFile.WriteSingles(path, values, shape);
        return path;
    }
}
