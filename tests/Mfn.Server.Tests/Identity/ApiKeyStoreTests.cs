using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Tests.Identity;

/// <summary>What becomes of keys, and of the calls that carry them, when their file changes and time passes.</summary>
public sealed class ApiKeyStoreTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 0, 0, 0, TimeSpan.Zero);

    private readonly KeyFile _keys = new();
    private readonly WallClock _clock = new(Start);
    private readonly ServerLog _log = new();
    private readonly List<ApiKeyStore> _stores = [];

    [Fact]
    public void File_ThatChanges_IsInForceWithinFiveSeconds()
    {
        var store = Open();
        var key = _keys.Add(Roles.Viewer);

        Assert.Equal(CredentialEnd.Invalid, RefusalOf(store, key));
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(Roles.Viewer, IdentityOf(store, key)!.Roles);
        _keys.Revoke(key);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(CredentialEnd.Revoked, RefusalOf(store, key));
    }

    /// <summary>As Kubernetes swaps what it mounts.</summary>
    [Fact]
    public void File_BehindALinkThatIsSwapped_IsInForceToo()
    {
        using var next = new KeyFile();
        var key = next.Add(Roles.Admin);
        var folder = Path.GetDirectoryName(_keys.Path)!;
        var data = Path.Combine(folder, "..data");
        Directory.CreateSymbolicLink(data, folder);
        var store = Open(Path.Combine(data, "keys.json"));

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, Path.GetDirectoryName(next.Path)!);
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.NotNull(IdentityOf(store, key));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{\"format_version\":1,\"keys\":[")]
    public void File_ThatCannotBeUsed_LeavesTheOldKeysInForceAndSaysSoOnce(string? text)
    {
        var key = _keys.Add(Roles.Viewer);
        var store = Open();
        var saved = File.ReadAllText(_keys.Path);

        File.Delete(_keys.Path);
        if (text is not null)
        {
            File.WriteAllText(_keys.Path, text);
        }

        _clock.Advance(TimeSpan.FromSeconds(4));
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.NotNull(IdentityOf(store, key));
        Assert.Single(_log.Faults);

        // And what comes after it, the same as before or not, is taken again.
        File.WriteAllText(_keys.Path, saved);
        _clock.Advance(TimeSpan.FromSeconds(4));
        _keys.Revoke(key);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(CredentialEnd.Revoked, RefusalOf(store, key));
        Assert.Single(_log.Faults);
    }

    [Fact]
    public void Credential_OfAKeyThatStays_Stays()
    {
        var key = _keys.Add(Roles.Viewer);
        var store = Open();
        var credential = CredentialOf(store, key)!;

        _keys.Add(Roles.Viewer);
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Same(credential, CredentialOf(store, key));
        Assert.Null(credential.End);
    }

    [Fact]
    public void Credential_OfAKeyThatIsTakenAway_Ends()
    {
        var (revoked, removed, stolen) = (_keys.Add(Roles.Viewer), _keys.Add(Roles.Viewer), _keys.Add(Roles.Viewer));
        var store = Open();
        Credential[] credentials = [CredentialOf(store, revoked)!, CredentialOf(store, removed)!, CredentialOf(store, stolen)!];

        _keys.Revoke(revoked);
        _keys.Change(removed, _ => null);
        _keys.Change(stolen, entry => entry with { Hash = ApiKeyText.Hash(ApiKeyText.Create()) });
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.All(credentials, credential => Assert.Equal(CredentialEnd.Revoked, credential.End));
        Assert.Equal(CredentialEnd.Invalid, RefusalOf(store, stolen));
    }

    [Fact]
    public void Credential_WhoseTimeIsOver_EndsWithinTwoSeconds()
    {
        var key = _keys.Add(Roles.Viewer, expires: Start.AddSeconds(10));
        var store = Open();
        var credential = CredentialOf(store, key)!;

        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Null(credential.End);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(CredentialEnd.Expired, credential.End);
        Assert.Equal(CredentialEnd.Expired, RefusalOf(store, key));
    }

    /// <summary>A key that is rotated gets an end: until then nothing happens to its calls.</summary>
    [Fact]
    public void Credential_WhoseEndIsSet_GoesOnUntilThen()
    {
        var key = _keys.Add(Roles.Viewer);
        var store = Open();
        var credential = CredentialOf(store, key)!;

        _keys.Change(key, entry => entry with { Expires = Start.AddSeconds(60) });
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Same(credential, CredentialOf(store, key));
        Assert.Null(credential.End);
        _clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(CredentialEnd.Expired, credential.End);
    }

    [Fact]
    public void Credential_WhoseRightsChange_EndsAndTellsTheNewOnes()
    {
        var key = _keys.Add(Roles.Operator);
        var store = Open();
        var credential = CredentialOf(store, key)!;

        _keys.Change(key, entry => entry with { Roles = Roles.Viewer });
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal((CredentialEnd.Changed, Roles.Viewer), (credential.End, credential.Successor!.Roles));
        Assert.Equal(Roles.Viewer, IdentityOf(store, key)!.Roles);
    }

    [Fact]
    public async Task LastUse_IsKeptBesideTheFileAndOutlivesTheServer()
    {
        var (used, unused) = (_keys.Add(Roles.Viewer), _keys.Add(Roles.Viewer));
        var store = Open();

        IdentityOf(store, used);
        _clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal([used.Split('_')[1]], ApiKeyUsage.Read(_keys.Path).Keys);
        Assert.Equal(Start, ApiKeyUsage.Read(_keys.Path).Values.Single());

        // A refused one is not used; and a server that stops writes what it knows.
        RefusalOf(store, unused[..^1] + (unused[^1] == '0' ? '1' : '0'));
        IdentityOf(store, used);
        await store.StopAsync(CancellationToken.None);
        IdentityOf(Open(), unused);
        await _stores[^1].StopAsync(CancellationToken.None);
        var times = ApiKeyUsage.Read(_keys.Path);
        Assert.Equal([Start.AddSeconds(90), Start.AddSeconds(90)], times.Values);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? UnixFileMode.UserRead | UnixFileMode.UserWrite : File.GetUnixFileMode(_keys.Path + ".used"));
    }

    public void Dispose()
    {
        _stores.ForEach(store => store.Dispose());
        _keys.Dispose();
        _log.Dispose();
    }

    private static CallerIdentity? IdentityOf(ApiKeyStore store, string key) => CredentialOf(store, key)?.Identity;

    private static Credential? CredentialOf(ApiKeyStore store, string key) => (store.Authenticate(key).Principal as CallerPrincipal)?.Credential;

    private static CredentialEnd? RefusalOf(ApiKeyStore store, string key) => (store.Authenticate(key).Failure as CredentialRefusedException)?.End;

    private ApiKeyStore Open(string? path = null)
    {
        var store = new ApiKeyStore(
            Options.Create(new ApiKeyOptions { File = path ?? _keys.Path }), new FollowedInputs(_clock), LoggerFactory.Create(logging => logging.AddProvider(_log)).CreateLogger<ApiKeyStore>());
        _stores.Add(store);
        return store;
    }
}
