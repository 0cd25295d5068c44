using System.Text.Json;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.Audit;

namespace Mfn.Server.Tests.Cli;

/// <summary><c>mfn audit verify</c>: its answer, its exit code, and what it says of a log that is broken.</summary>
public sealed class AuditCommandTests : IAsyncLifetime
{
    private readonly AuditFolder _folder = new();

    public async ValueTask InitializeAsync()
    {
        await using var server = await TestServer.StartAsync(_folder.Setting, "Audit:MaxFileBytes=65536");
        for (var i = 0; i < 300; i++)
        {
            await server.Runs.ListRunsAsync(new ListRunsRequest());
        }

        await server.StopAsync();
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Verify_OfASoundLog_TellsHowFarItGoes()
    {
        var (exitCode, output, error) = await InProcess.RunAsync("audit", "verify", _folder.Path);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.InRange(_folder.Files.Count, 2, 9);
        Assert.StartsWith($"state        sound\nfiles        {_folder.Files.Count}\nlines        302\n", output, StringComparison.Ordinal);

        // The line that is known is one for the next time.
        var known = output.Split('\n').Single(line => line.StartsWith("known", StringComparison.Ordinal)).Split(' ')[^1];
        Assert.Equal(0, (await InProcess.RunAsync("audit", "verify", _folder.Path, "--known", known)).ExitCode);
        Assert.Equal(0, (await InProcess.RunAsync(["audit", "verify", .. _folder.Files])).ExitCode);
    }

    [Fact]
    public async Task Verify_OfABrokenLog_NamesTheFirstBadLineAndFails()
    {
        var lines = await File.ReadAllLinesAsync(_folder.Files[0]);
        lines[6] = lines[6].Replace("ListRuns", "GetRun", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(_folder.Files[0], lines);

        var (exitCode, output, error) = await InProcess.RunAsync("audit", "verify", _folder.Path, "--json");

        Assert.Equal(1, exitCode);
        Assert.Equal($"mfn: {_folder.Files[0]}: line 8 does not follow the line before it: number 7 or 8 was changed.\n", error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal("broken", json.RootElement.GetProperty("state").GetString());
        Assert.Equal(8, json.RootElement.GetProperty("problem_line").GetInt32());
    }

    [Fact]
    public async Task Verify_OfALogThatEndsInTheMiddleOfALine_SaysSo()
    {
        await File.AppendAllTextAsync(_folder.Path, "{\"seq\":");

        var (exitCode, _, error) = await InProcess.RunAsync("audit", "verify", _folder.Path);

        Assert.Equal(0, exitCode);
        Assert.Contains("The last 7 bytes are no whole line", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify nowhere.jsonl", "FILE must be a file of an audit log, but there is no 'nowhere.jsonl'.")]
    [InlineData("verify x --known 5", "--known must be a line's number, a colon and its hash of 64 hexadecimal digits, but was '5'.")]
    public async Task Verify_BadArguments_ExitsWith2AndTheReason(string arguments, string reason)
    {
        var (exitCode, output, error) = await InProcess.RunAsync(["audit", .. arguments.Split(' ')]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }
}
