namespace Mfn.Server.Tests.Cli;

/// <summary>Contexts, and what says where a command's server is.</summary>
public sealed class ContextCommandTests : IDisposable
{
    private const string Key = "c0ffee-secret";

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("mfn-contexts-");

    private string File => Path.Combine(_home.FullName, "mfn", "contexts.json");

    [Fact]
    public async Task AddToRemove_OneContext_IsFollowed()
    {
        Assert.Equal("added lab, http://127.0.0.1:1, in use\n", await OutputAsync("context add lab --server http://127.0.0.1:1"));
        Assert.Equal("added other, https://other.example\n", await OutputAsync($"context add other --server https://other.example --key {Key}"));
        Assert.Equal(
            ["NAME   IN USE  SERVER                 KEY", "lab    yes     http://127.0.0.1:1     none", "other          https://other.example  stored"],
            (await OutputAsync("context list")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("using other, https://other.example\n", await OutputAsync("context use other"));
        Assert.Contains("other, in use", await OutputAsync("context show"), StringComparison.Ordinal);
        Assert.Equal("removed other\n", await OutputAsync("context remove other"));

        var (exitCode, _, error) = await RunAsync("context show");
        Assert.Equal((2, "mfn: No context is in use; name one.\n"), (exitCode, error));
    }

    [Fact]
    public async Task Key_IsKeptForItsOwnerAndNeverPrinted()
    {
        var printed = await OutputAsync($"context add lab --server https://lab.example --key {Key}")
            + await OutputAsync("context list -o wide") + await OutputAsync("context list --json") + await OutputAsync("context show") + await OutputAsync("context show lab --json")
            + await OutputAsync("context use lab -v");

        Assert.DoesNotContain(Key, printed, StringComparison.Ordinal);
        Assert.Contains(Key, await System.IO.File.ReadAllTextAsync(File), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }

        Assert.Equal([File], Directory.GetFiles(Path.GetDirectoryName(File)!));
    }

    [Fact]
    public async Task Add_FileThatIsALink_WritesWhatItLeadsTo()
    {
        var target = Path.Combine(_home.FullName, "elsewhere.json");
        await System.IO.File.WriteAllTextAsync(target, "{}");
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.CreateSymbolicLink(File, target);

        await OutputAsync($"context add lab --server https://lab.example --key {Key}");

        Assert.Equal(target, new FileInfo(File).LinkTarget);
        Assert.Contains(Key, await System.IO.File.ReadAllTextAsync(target), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(target));
        }
    }

    [Theory]
    [InlineData("context add lab", "mfn: --server URL is required.")]
    [InlineData("context add a/b --server http://127.0.0.1:1", "NAME must be 1 to 64 letters, digits, '.', '_' and '-', but was 'a/b'.")]
    [InlineData("context add lab --server http://192.0.2.1 --key x", "An API key is sent over https:// or to this machine only, but the server is http://192.0.2.1")]
    [InlineData("context add lab --server http://127.0.0.1:1 --tls-ca /dev/null", "--tls-ca: only with an https:// server.")]
    [InlineData("context add lab --server https://127.0.0.1:1 --tls-cert /dev/null", "--tls-cert and --tls-key must be given together.")]
    [InlineData("context add lab --server https://127.0.0.1:1 --key x --key-file /dev/null", "--key and --key-file exclude one another.")]
    [InlineData("context use lab", "There is no context 'lab'; `mfn context add lab --server URL` makes one.")]
    [InlineData("run list --context lab", "There is no context 'lab'; `mfn context add lab --server URL` makes one.")]
    public async Task AnyCommand_BadArguments_ExitsWith2AndTheReason(string arguments, string reason)
    {
        var (exitCode, output, error) = await RunAsync(arguments);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task Add_NameThatIsTaken_NeedsReplace()
    {
        await OutputAsync("context add lab --server http://127.0.0.1:1");

        var (exitCode, _, error) = await RunAsync("context add lab --server http://127.0.0.1:2");
        await OutputAsync("context add lab --server http://127.0.0.1:3 --replace");

        Assert.Equal((2, "mfn: There is a context 'lab' already; --replace replaces it.\n"), (exitCode, error));
        Assert.Contains("http://127.0.0.1:3", await OutputAsync("context show lab"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "contexts": """)]
    [InlineData("""{ "contexts": { "lab": { "server": "http://a", "colour": "red" } } }""")]
    [InlineData("""{ "contexts": null }""")]
    [InlineData("""{ "contexts": { "lab": null } }""")]
    [InlineData("""{ "current": "lab", "contexts": { "lab": { "server": "lab.example" } } }""")]
    public async Task AnyCommand_DamagedFile_IsNamed(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        await System.IO.File.WriteAllTextAsync(File, content);

        var (exitCode, _, error) = await RunAsync("run list");

        Assert.Equal(2, exitCode);
        Assert.Contains($"The contexts in '{File}' cannot be read", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_FlagBeforeEnvironmentBeforeContext_IsTheOneCalled()
    {
        await OutputAsync("context add one --server http://127.0.0.1:1");
        await OutputAsync("context add two --server http://127.0.0.1:2");

        await RequireCalledAsync("http://127.0.0.1:1", "run list");
        await RequireCalledAsync("http://127.0.0.1:2", "run list --context two");
        await RequireCalledAsync("http://127.0.0.1:2", "run list", ("MFN_CONTEXT", "two"));
        await RequireCalledAsync("http://127.0.0.1:3", "run list", ("MFN_SERVER", "http://127.0.0.1:3"));
        await RequireCalledAsync("http://127.0.0.1:2", "run list --context two", ("MFN_SERVER", "http://127.0.0.1:3"));
        await RequireCalledAsync("http://127.0.0.1:4", "run list --server http://127.0.0.1:4", ("MFN_SERVER", "http://127.0.0.1:3"));
        await RequireCalledAsync("http://127.0.0.1:3", "nernst --out-molar 1 --in-molar 2", ("MFN_SERVER", "http://127.0.0.1:3"));

        var (exitCode, output, _) = await RunAsync("nernst --out-molar 1 --in-molar 2 --server here", ("MFN_SERVER", "http://127.0.0.1:3"));
        Assert.Equal((0, "-18.516 mV\n"), (exitCode, output));
    }

    [Fact]
    public async Task Key_FromFlagEnvironmentOrContext_IsSentAsABearer()
    {
        var keys = new List<string?>();
        await using var server = await TestServer.StartAsync(app => Microsoft.AspNetCore.Builder.UseExtensions.Use(app, (context, next) =>
        {
            keys.Add(context.Request.Headers.Authorization);
            return next(context);
        }));
        await System.IO.File.WriteAllTextAsync(Path.Combine(_home.FullName, "key"), "from-file\n");
        await OutputAsync($"context add lab --server {server.Address} --key-file {Path.Combine(_home.FullName, "key")}");

        await RunAsync("run list");
        await RunAsync("run list", ("MFN_KEY", "from-environment"));
        await RunAsync("run list --key from-flag", ("MFN_KEY", "from-environment"));
        await RunAsync($"run list --server {server.Address}");

        // The last is another server as far as the context goes: it does not get its key.
        Assert.Equal(["Bearer from-file", "Bearer from-environment", "Bearer from-flag", ""], keys.Select(key => key ?? ""));
    }

    public void Dispose() => _home.Delete(recursive: true);

    private async Task RequireCalledAsync(string url, string arguments, params (string Name, string Value)[] environment)
    {
        var (exitCode, _, error) = await RunAsync(arguments, environment);

        Assert.Equal((1, $"mfn: no server at {url}; start one with `mfn serve` or name one with --server\n"), (exitCode, error));
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string arguments, params (string Name, string Value)[] environment) => MfnProcess.RunAsync(
        environment.Append(("XDG_CONFIG_HOME", _home.FullName)).ToDictionary(each => each.Item1, each => each.Item2), arguments.Split(' '));

    private async Task<string> OutputAsync(string arguments)
    {
        var (exitCode, output, error) = await RunAsync(arguments);
        Assert.True(exitCode == 0, error);
        return output;
    }
}
