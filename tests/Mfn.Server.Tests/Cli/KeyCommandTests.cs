using System.Text.Json;
using Mfn.Server.Identity;

namespace Mfn.Server.Tests.Cli;

/// <summary><c>mfn key</c>: what it writes is what servers read.</summary>
public sealed class KeyCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-key-command-");

    private string Keys => Path.Combine(_folder.FullName, "keys.json");

    [Fact]
    public async Task CreateToRevoke_OneKey_IsFollowedByItsServer()
    {
        var created = await JsonAsync("create lab --role operator --role viewer --tenant blue --expires 30d");
        var key = created.GetProperty("key").GetString()!;
        await using var server = await TestServer.StartAsync($"Auth:ApiKeys:File={Keys}");

        Assert.Equal(created.GetProperty("id").GetString(), key.Split('_')[1]);
        Assert.Equal((0, "ID            NAME  TENANT  ROLES            STATE  EXPIRES"), await ListAsync(server, key));

        var rotated = await JsonAsync($"rotate {key.Split('_')[1]} --grace 0s");
        Assert.Equal(key.Split('_')[1], rotated.GetProperty("replaces").GetString());
        Assert.Equal(created.GetProperty("tenant").GetString(), rotated.GetProperty("tenant").GetString());
        Assert.Equal("revoked", (await JsonAsync($"revoke {rotated.GetProperty("id").GetString()}")).GetProperty("state").GetString());
        Assert.Equal(["expired", "revoked"], (await JsonAsync("list")).EnumerateArray().Select(each => each.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task Rotate_WithAGrace_LeavesTwoLiveKeysAndTheSameLifetime()
    {
        var old = await JsonAsync("create lab --role viewer --expires 10d");

        var made = await JsonAsync($"rotate {old.GetProperty("id").GetString()} --grace 2h");

        var keys = ApiKeyFile.Read(await File.ReadAllTextAsync(Keys));
        Assert.Equal([TimeSpan.FromHours(2), TimeSpan.FromDays(10)], keys.Select(key => key.Expires!.Value - keys[1].Created));
        Assert.All(keys, key => Assert.Equal(Roles.Viewer, key.Roles));
        Assert.True(ApiKeyText.Matches(old.GetProperty("key").GetString()!, keys[0].Hash.Span));
        Assert.True(ApiKeyText.Matches(made.GetProperty("key").GetString()!, keys[1].Hash.Span));
    }

    [Fact]
    public async Task File_IsItsOwnersAloneAndHasNoKey()
    {
        var key = (await JsonAsync("create lab --role viewer")).GetProperty("key").GetString()!;

        var text = await File.ReadAllTextAsync(Keys);
        Assert.DoesNotContain(key.Split('_')[2], text, StringComparison.Ordinal);
        Assert.DoesNotContain(key, (await RunAsync("list -o wide")).Output, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Keys));
        }
    }

    [Fact]
    public async Task Create_ManyAtOnce_LosesNone()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => JsonAsync($"create lab{i} --role viewer"))));

        Assert.Equal(
            made.Select(key => key.GetProperty("id").GetString()!).Order(StringComparer.Ordinal),
            ApiKeyFile.Read(await File.ReadAllTextAsync(Keys)).Select(key => key.Id).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("create lab", "mfn: --role viewer|operator|contributor|admin is required.")]
    [InlineData("create lab --role root", "--role must be viewer, operator, contributor or admin, but was 'root'")]
    [InlineData("create lab --role viewer --tenant Blue", "--tenant must be 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends, but was 'Blue'.")]
    [InlineData("create lab --role viewer --expires 30", "--expires must be a whole number and s, m, h or d, such as 30d, and at most 36500d, but was '30'.")]
    [InlineData("create lab --role viewer --expires 36501d", "at most 36500d, but was '36501d'.")]
    [InlineData("create lab\u00e4 --role viewer", "NAME must be 1 to 128 visible ASCII characters, but was 'lab\u00e4'.")]
    [InlineData("list", "--keys must be a file of API keys, but there is no 'KEYS'; `mfn key create NAME --role ROLE --keys KEYS` makes one.")]
    [InlineData("revoke 0123456789ab", "--keys must be a file of API keys, but there is no 'KEYS'")]
    public async Task AnyCommand_BadArguments_ExitsWith2AndTheReason(string arguments, string reason)
    {
        var (exitCode, output, error) = await RunAsync(arguments);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(reason.Replace("KEYS", Keys, StringComparison.Ordinal), error, StringComparison.Ordinal);
        Assert.False(File.Exists(Keys));
    }

    [Fact]
    public async Task Rotate_WhatIsNotThereOrNotGood_IsRefused()
    {
        var id = (await JsonAsync("create lab --role viewer")).GetProperty("id").GetString()!;
        await JsonAsync($"revoke {id}");

        Assert.Contains("There is no key with the id '0123456789ab'; `mfn key list` shows those that there are.", (await RunAsync("rotate 0123456789ab")).Error, StringComparison.Ordinal);
        Assert.Contains($"The key {id} is revoked: make another one with `mfn key create`.", (await RunAsync($"rotate {id}")).Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<(int ExitCode, string FirstLine)> ListAsync(TestServer server, string key)
    {
        var (exitCode, output, error) = await InProcess.RunAsync("run", "list", "--server", server.Address.ToString(), "--key", key);
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain(key, output + error, StringComparison.Ordinal);
        return (exitCode, (await RunAsync("list")).Output.Split("LAST USED")[0].TrimEnd());
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string arguments) => InProcess.RunAsync(["key", .. arguments.Split(' '), "--keys", Keys]);

    private async Task<JsonElement> JsonAsync(string arguments)
    {
        var (exitCode, output, error) = await RunAsync($"{arguments} --json");
        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        return json.RootElement.Clone();
    }
}
