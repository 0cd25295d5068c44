using System.Text.RegularExpressions;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli;

/// <summary>What <c>mfn serve</c> says, and returns, when it cannot start; and what other commands make of a server's settings.</summary>
public sealed partial class ServeCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-serve-");

    [Fact]
    public async Task SettingsOfAllKinds_AreToldAtOnce()
    {
        var file = Path.Combine(_folder.FullName, "mfn.json");
        await File.WriteAllTextAsync(file, """{ "LiveRuns": { "MaxRuns": 5 }, "Limits": { "MaxRequestBytes": 1 } }""");
        var environment = new Dictionary<string, string> { ["MFN_MAXSTEPS"] = "5", ["MFN_Shutdown__DrainTime"] = "10" };

        var (exitCode, output, error) = await MfnProcess.RunAsync(
            environment, ["serve", "--urls", "http://127.0.0.l:0", "--config", file, "--set", "MaxSteps=5", "--set", "Limits:MaxGridSize=5000", "--set", "Tls:ClientAuthorityFile=/nowhere.pem"]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Equal(
            [
                "--set Limits:MaxGridSize must be between 4 and 4096, but was 5000.",
                "--set MaxSteps is no setting; did you mean --set Limits:MaxSteps?",
                "--set Tls:ClientAuthorityFile must be an existing file, but there is no '/nowhere.pem'.",
                "--set Tls:ClientAuthorityFile needs Tls:CertificateFile and Tls:KeyFile.",
                "--urls must have an IP address of this machine, localhost, or * for all of its addresses, but was 'http://127.0.0.l:0'.",
                "FILE: Limits:MaxRequestBytes must be between 1024 and 1073741824, but was 1.",
                "FILE: LiveRuns:MaxRuns is no setting; did you mean Runs:MaxRuns?",
                "MFN_MAXSTEPS is no setting; did you mean MFN_Limits__MaxSteps?",
                "MFN_Shutdown__DrainTime must be a time such as 00:00:10 (hours:minutes:seconds) between 00:00:00 and 1.00:00:00, but was '10'.",
            ],
            Told(error.Replace(file, "FILE", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(2, "--urls must be addresses such as http://127.0.0.1:50051 or https://0.0.0.0:50051 with semicolons between them, but was 'nope'.", "--urls", "nope")]
    [InlineData(2, "--set config is no setting.", "--set", "config=mfn.json")]
    [InlineData(2, "--set Logging:LogLevel:Default must be Trace, Debug, Information, Warning, Error, Critical or None, but was 'Verbose'.", "--set", "Logging:LogLevel:Default=Verbose")]
    [InlineData(1, "The server cannot listen at http://192.0.2.1:50051: Cannot assign requested address", "--urls", "http://192.0.2.1:50051", "--set", "Auth:AllowAnonymous=true", "--set", "Logging:LogLevel:Mfn=Error")]
    [InlineData(1, "Runs:DataDirectory /proc/mfn cannot be created: *", "--set", "Runs:DataDirectory=/proc/mfn", "--urls", "http://127.0.0.1:0")]
    [InlineData(1, "Runs:DataDirectory /dev/null cannot be created: *", "--set", "Runs:DataDirectory=/dev/null", "--urls", "http://127.0.0.1:0")]
    [InlineData(1, "Runs:DataDirectory /proc/1/mfn/mfn cannot be created: *", "--set", "Runs:DataDirectory=/proc/1/mfn/mfn", "--urls", "http://127.0.0.1:0")]
    public async Task OneThingWrong_IsOneLine(int expected, string told, params string[] arguments)
    {
        var (exitCode, output, error) = await MfnProcess.RunAsync(["serve", .. arguments]);

        Assert.Equal((expected, ""), (exitCode, output));
        Assert.Matches($"^{Regex.Escape(told).Replace("\\*", ".+", StringComparison.Ordinal)}$", Assert.Single(Told(error)));
    }

    [Fact]
    public async Task OtherCommands_RefuseTheSameVariablesWithTheSameCode()
    {
        var environment = new Dictionary<string, string> { ["MFN_MAXSTEPS"] = "5", ["MFN_Limits__MaxGridSize"] = "5000" };

        foreach (var command in new[] { "serve --urls http://127.0.0.1:0", "simulate --grid 8 --steps 2", "validate" })
        {
            var (exitCode, output, error) = await MfnProcess.RunAsync(environment, command.Split(' '));

            Assert.Equal((2, ""), (exitCode, output));
            Assert.Equal(
                ["MFN_MAXSTEPS is no setting; did you mean MFN_Limits__MaxSteps?", "MFN_Limits__MaxGridSize must be between 4 and 4096, but was 5000."], Told(error));
        }
    }

    [Fact]
    public async Task OtherCommands_TakeALimitAndNothingThatIsAServersOwn()
    {
        var environment = new Dictionary<string, string>
        {
            ["MFN_Limits__MaxSteps"] = "5",
            ["MFN_Urls"] = "https://0.0.0.0:50051",
            ["MFN_Tls__ClientAuthorityFile"] = "/nowhere.pem",
            ["MFN_Runs__DataDirectory"] = "/proc/mfn",
            ["MFN_Logging__LogLevel__Default"] = "Trace",
        };

        Assert.Equal((0, ""), (await MfnProcess.RunAsync(environment, ["simulate", "--grid", "8", "--steps", "5"])) is var (exitCode, _, error) ? (exitCode, error) : default);
        var refused = await MfnProcess.RunAsync(environment, ["simulate", "--grid", "8", "--steps", "6"]);

        Assert.Equal((2, "", "mfn: --steps must be between 1 and 5, but was 6.\n"), refused);
    }

    [Fact]
    public async Task UnixSocket_IsListenedAt()
    {
        var socket = Path.Combine(_folder.FullName, "mfn.sock");
        using var server = MfnProcess.Start("serve", "--urls", $"http://unix:{socket}");

        Assert.Equal($"Listening on http://unix:{socket}", await server.Output.ReadLineAsync().Within());

        using var client = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        await client.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(socket));
        Assert.True(client.Connected);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // What the command says, and not what the server logs; never a trace of a stack.
    private static string[] Told(string error)
    {
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", error, StringComparison.Ordinal);
        return [.. error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !LogLine().IsMatch(line)).Select(line => line["mfn: ".Length..])];
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT")]
    private static partial Regex LogLine();
}
