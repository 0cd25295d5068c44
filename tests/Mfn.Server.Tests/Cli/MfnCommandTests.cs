using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli;

public sealed class MfnCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-cli-");

    [Fact]
    public async Task Simulate_Json_PrintsOneObjectAndWritesTheReferencesField()
    {
        var path = Path.Combine(_folder.FullName, "field.npy");

        var (exitCode, output, error) = await MfnProcess.RunAsync("simulate", "--grid", "32", "--steps", "100", "--seed", "42", "--json", "--out", path);

        using var json = JsonDocument.Parse(output);
        Assert.Equal(0, exitCode);
        Assert.Equal(
            [
                "spec", "growth_events", "turing_activations", "clamping_events", "min_potential_millivolts", "max_potential_millivolts",
                "mean_potential_millivolts", "potential_standard_deviation_millivolts", "mean_activator", "mean_inhibitor", "out",
            ],
            json.RootElement.EnumerateObject().Select(property => property.Name));

        // Case model_00 of the reference.
        Assert.Equal(33, json.RootElement.GetProperty("growth_events").GetInt32());
        Assert.Equal(-70.39475724498203, json.RootElement.GetProperty("min_potential_millivolts").GetDouble());
        Assert.Equal(
            "af9cb89151279583b4fc47368ac807200a8606df559b6953ed01ebebf142144c",
            Convert.ToHexStringLower(SHA256.HashData((await File.ReadAllBytesAsync(path)).AsSpan(^(32 * 32 * 8)..))));
        Assert.Contains("step 100/100", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_Piped_PrintsALineAFrameAndASummary()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("simulate", "--preset", "small", "--steps", "9", "--every", "4");

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(["step 4/9", "step 8/9", "step 9/9", "32 x 32 "], lines[..4].Select(line => line[..8]));
    }

    [Fact]
    public async Task Simulate_EngineOptions_ReachTheServer()
    {
        string[] engine =
        [
            "--variant", "engine", "--boundary", "dirichlet", "--activator-diffusion", "0.01", "--inhibitor-diffusion", "0.1",
            "--activator-rate", "0.1", "--inhibitor-rate", "0.001", "--turing-threshold", "0.5",
        ];

        var (exitCode, output, _) = await MfnProcess.RunAsync(["simulate", "--grid", "32", "--steps", "160", "--seed", "989441826", "--json", .. engine]);

        // Case engine_17 of the reference.
        using var json = JsonDocument.Parse(output);
        Assert.Equal(0, exitCode);
        Assert.Equal(EngineCase17("turing_activations"), json.RootElement.GetProperty("turing_activations").GetInt64());
        Assert.Equal(EngineCase17("clamping_events"), json.RootElement.GetProperty("clamping_events").GetInt64());
    }

    [Theory]
    [InlineData("simulate --grid 3 --alpha 0.3", "mfn: --grid must be between 4 and 1024, but was 3.\nmfn: --alpha must be at least 0 and below 0.25, but was 0.3; set --allow-unstable to go up to 1.\n")]
    [InlineData("simulate --grid many", "--grid must be a whole number of at most 2147483647, but was 'many'.")]
    [InlineData("simulate --alpha x", "--alpha must be a number, but was 'x'.")]
    [InlineData("simulate --boundary neumann --inhibitor-rate 0.1", "--inhibitor-rate: only with --variant engine.")]
    [InlineData("simulate --boundary neumann", "--boundary: only with --variant engine or --kinetics.")]
    [InlineData("simulate --preset tiny", "--preset must be small, medium, large or one that mfn gallery --list has, but was 'tiny'.")]
    [InlineData("simulate --server ftp://x", "--server must be a URL that begins with http:// or https://, or 'here', but was 'ftp://x'.")]
    [InlineData("run list --server http://u:p@127.0.0.1:1", "--server must be a host and a port alone, as in http://127.0.0.1:50051, but was 'http://u:p@127.0.0.1:1'.")]
    [InlineData("run list --server http://127.0.0.1:1/prefix", "--server must be a host and a port alone, as in http://127.0.0.1:50051, but was 'http://127.0.0.1:1/prefix'.")]
    [InlineData("simulate --server https://127.0.0.1:1 --tls-ca /nowhere.pem", "--tls-ca must be an existing file")]
    [InlineData("simulate --out /nowhere/f.npy", "--out must be a file in an existing folder")]
    [InlineData("simulate --every 0", "mfn: --every must be between 1 and 1000000, but was 0.")]
    [InlineData("nernst --valence 1", "mfn: --out-molar C is required.\nmfn: --in-molar C is required.\n")]
    [InlineData("nernst --valence 0 --out-molar 1 --in-molar 1", "mfn: --valence must be between -3 and 3 and not 0, but was 0.")]
    [InlineData("serve --set Limits:MaxSteps=0", "MaxSteps")]
    [InlineData("serve --set Limits:MaxStepz=1", "MaxStepz")]
    [InlineData("serve --set nothing", "--set must be KEY=VALUE, but was 'nothing'.")]
    [InlineData("serve --config /nowhere.json", "--config must be an existing file, but there is no '/nowhere.json'.")]
    [InlineData("serve --urls https://127.0.0.1:0", "--urls has https://127.0.0.1:0, which needs Tls:CertificateFile and Tls:KeyFile.")]
    [InlineData("conquer", "'mfn' has no command 'conquer', but simulate, ")]
    [InlineData("simulat", "'mfn' has no command 'simulat'; did you mean simulate?")]
    [InlineData("run wacth x", "did you mean watch?")]
    [InlineData("simulate --gird 3", "mfn: There is no option --gird; did you mean --grid?\nTry 'mfn simulate --help'.")]
    [InlineData("simulate --spike 3", "did you mean --spike-probability?")]
    [InlineData("features --jsn f.npy", "There is no option --jsn; did you mean --json?")]
    [InlineData("simulate --grid", "--grid needs a value: N.")]
    [InlineData("simulate --grid 8 --grid 9", "mfn: --grid can be given once, but was given 2 times.\n")]
    [InlineData("simulate --jitter-variance 0.001", "mfn: --jitter-variance: only with --jitter.")]
    [InlineData("features @nowhere.npy", "/@nowhere.npy'")]
    [InlineData("simulate extra", "'mfn simulate' does not expect 'extra'.")]
    [InlineData("run", "'mfn run' needs a command: create, list, get")]
    [InlineData("simulate --boundary klein", "--boundary must be periodic, neumann or dirichlet, but was 'klein'.")]
    [InlineData("simulate --boundary neuman", "--boundary must be periodic, neumann or dirichlet, but was 'neuman'; did you mean neumann?")]
    [InlineData("simulate --variant engine --allow-unstable", "--allow-unstable must not be set if --variant engine, whose")]
    [InlineData("simulate --tls-ca x", "--tls-ca: only with a server (--server, MFN_SERVER or a context).")]
    [InlineData("simulate --tls-ca x --server http://127.0.0.1:1", "--tls-ca: only with an https:// server, but it is http://127.0.0.1:1.")]
    [InlineData("simulate --server http://127.0.0.1:1 --context lab", "--server and --context exclude one another.")]
    [InlineData("simulate --json -o table", "--json and -o table exclude one another.")]
    [InlineData("simulate -q -v", "--quiet and --verbose exclude one another.")]
    [InlineData("simulate -o yaml", "--output must be table, wide, json or jsonl, but was 'yaml'.")]
    [InlineData("simulate --key k --server http://192.0.2.1:1", "An API key is sent over https:// or to this machine only, but the server is http://192.0.2.1:1")]
    [InlineData("simulate --timeout 0 --server http://127.0.0.1:1", "--timeout must be between 2 and 86400, but was 0.")]
    [InlineData("validate --message-bytes 5", "There is no option --message-bytes")]
    public async Task AnyCommand_BadArguments_ExitsWith2AndTheReason(string arguments, string reason)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_NoServer_ExitsWith1AndSaysWhatToDo()
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync("simulate", "--json", "--server", "http://127.0.0.1:1");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Equal("mfn: no server at http://127.0.0.1:1; start one with `mfn serve` or name one with --server\n", error);
    }

    [Fact]
    public async Task Serve_AddressInUse_ExitsWith1AndTheReason()
    {
        await using var server = await TestServer.StartAsync();

        var (exitCode, output, error) = await MfnProcess.RunAsync("serve", "--urls", server.Address.ToString());

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("address already in use", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nernst_Json_PrintsThePotential()
    {
        var (exitCode, output, _) = await MfnProcess.RunAsync("nernst", "--valence", "1", "--out-molar", "0.005", "--in-molar", "0.140", "--json");

        using var json = JsonDocument.Parse(output);
        Assert.Equal(0, exitCode);
        Assert.Equal(-89.01066911987907, json.RootElement.GetProperty("potential_millivolts").GetDouble(), 1e-10);
    }

    [Theory]
    [InlineData("--help", "simulate", "mfn simulate --preset medium --json")]
    [InlineData("simulate --help", "--turing-threshold", "--variant engine --boundary neumann")]
    [InlineData("nernst --help", "--out-molar", "mfn nernst --valence 2")]
    [InlineData("serve --help", "--config", "mfn serve --config mfn.json")]
    public async Task Help_AnyCommand_ShowsOptionsAndExamples(string arguments, string option, string example)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(option, output, StringComparison.Ordinal);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Contains(example, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_Sigterm_StopsWithExitCode0()
    {
        using var server = MfnProcess.Start("serve", "--urls", "http://127.0.0.1:0");
        var line = await server.Output.ReadLineAsync().Within();
        Assert.StartsWith("Listening on http://127.0.0.1:", line, StringComparison.Ordinal);

        var (exitCode, output, _) = await MfnProcess.RunAsync("simulate", "--json", "--server", line!["Listening on ".Length..]);
        using var kill = Process.Start("kill", ["-TERM", $"{server.Id}"]);

        using var json = JsonDocument.Parse(output);
        Assert.Equal((0, 64), (exitCode, json.RootElement.GetProperty("spec").GetProperty("grid").GetInt32()));
        Assert.Equal(0, await server.ExitCodeAsync());
        Assert.Contains("Stopping: 0 computations under way", await server.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static long EngineCase17(string metric) =>
        GoldenFile.Case("field_engine.json", "engine_17").Outputs.GetProperty("metrics").GetProperty(metric).GetInt64();
}
