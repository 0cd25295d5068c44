using Mfn.Server.Configuration;

namespace Mfn.Server.Tests.Identity;

/// <summary>A server lets nobody in whom its operator has not thought of.</summary>
public sealed class AccessRulesTests : IDisposable
{
    private readonly KeyFile _keys = new();

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://127.0.0.2:0;http://[::1]:0")]
    [InlineData("http://localhost:50051")]
    [InlineData("http://unix:/tmp/mfn-test.sock")]
    public void Address_OfThisMachineAlone_NeedsNothing(string urls) => Assert.Empty(MfnServer.FindProblems($"--urls={urls}"));

    [Theory]
    [InlineData("http://0.0.0.0:0", "http://0.0.0.0:0")]
    [InlineData("http://*:50051;http://127.0.0.1:50052", "http://*:50051")]
    [InlineData("http://[::]:0;http://10.1.2.3:0", "http://[::]:0 and http://10.1.2.3:0")]
    public void Address_OfANetwork_NeedsAuthenticationOrAWordThatItDoesNot(string urls, string told)
    {
        var problem = Assert.Single(MfnServer.FindProblems($"--urls={urls}"));

        Assert.Equal(
            $"--urls has {told}, where anybody who reaches the port could do everything: set Auth:ApiKeys:File (mfn key create), Tls:ClientAuthorityFile or Auth:Jwt:Authority, "
            + "so that callers must show who they are, or Auth:AllowAnonymous=true, if they need not.",
            problem);
        Assert.Empty(MfnServer.FindProblems($"--urls={urls}", "--set", "Auth:AllowAnonymous=true"));
        Assert.Empty(MfnServer.FindProblems($"--urls={urls}", "--set", _keys.Setting));
        Assert.Throws<InvalidSettingsException>(() => MfnServer.Build($"--urls={urls}"));
    }

    [Fact]
    public async Task AllowAnonymous_IsWarnedOf()
    {
        using var log = new ServerLog("Mfn.Server.Identity");
        await using var server = await log.StartServerAsync("Auth:AllowAnonymous=true");

        Assert.Equal(["Callers without credentials may do everything in the tenant default (Auth:AllowAnonymous)"], log.Warnings);
    }

    [Fact]
    public void KeyFile_ThatIsNotThere_SaysHowToMakeOne() => Assert.Equal(
        ["--set Auth:ApiKeys:File must be an existing file, but there is no '/nowhere/keys.json'; mfn key create NAME --keys '/nowhere/keys.json' makes one."],
        MfnServer.FindProblems("--set", "Auth:ApiKeys:File=/nowhere/keys.json"));

    [Fact]
    public void KeyFile_ThatIsNone_SaysWhatItIs()
    {
        File.WriteAllText(_keys.Path, "{\"format_version\":7,\"keys\":[]}");

        Assert.Equal(
            [$"--set Auth:ApiKeys:File must be a file of API keys, but '{_keys.Path}' has format version 7, but this version of mfn reads 1."],
            MfnServer.FindProblems("--set", _keys.Setting));
    }

    [Fact]
    public void KeyFile_ThatOthersCanWrite_IsRefused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.SetUnixFileMode(_keys.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);

        Assert.Equal(
            [$"--set Auth:ApiKeys:File must be a file that its owner alone can write, but others can write '{_keys.Path}', and make themselves keys: chmod go-w '{_keys.Path}'"],
            MfnServer.FindProblems("--set", _keys.Setting));
    }

    public void Dispose() => _keys.Dispose();
}
