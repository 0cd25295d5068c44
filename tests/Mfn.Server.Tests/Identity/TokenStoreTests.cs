using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Tests.Configuration;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Tests.Identity;

/// <summary>What becomes of tokens, and of the keys by which they are checked, as time passes.</summary>
public sealed class TokenStoreTests : IDisposable
{
    // The issuer's tokens are good for an hour of the system's clock.
    private readonly WallClock _clock = new(DateTimeOffset.UtcNow);
    private readonly TestIssuer _issuer = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-tokens-");
    private readonly List<IDisposable> _open = [];

    /// <summary>Whoever sends what, an issuer is asked every two seconds at most; and whoever waits gets what it then says.</summary>
    [Fact]
    public async Task Refresh_SoonAfterAnother_ComesTwoSecondsLaterForAllWhoWait()
    {
        await using var issuer = await _issuer.ServeAsync();
        var keys = Keys(new JwtOptions { KeySetUrl = $"{issuer.Urls.Single()}/jwks" });
        await keys.RefreshAsync().Within();
        Assert.Equal((1, 1), (keys.Current.Count, _issuer.FetchCount));

        _issuer.Rotate();
        var waiting = Enumerable.Range(0, 5).Select(_ => keys.RefreshAsync()).ToArray();
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal((1, 1), (keys.Current.Count, _issuer.FetchCount));
        Assert.All(waiting, each => Assert.False(each.IsCompleted));
        await AdvanceAsync();
        await Task.WhenAll(waiting).Within();

        Assert.Equal((2, 2), (keys.Current.Count, _issuer.FetchCount));
    }

    /// <summary>A key that an issuer takes away is not good for more than a minute.</summary>
    [Fact]
    public async Task Keys_OfAnIssuer_AreAskedForEveryMinute()
    {
        await using var issuer = await _issuer.ServeAsync();
        var keys = Keys(new JwtOptions { KeySetUrl = $"{issuer.Urls.Single()}/jwks" });
        await keys.RefreshAsync().Within();
        var old = TokenKeys.PrintOf(Assert.Single(keys.Current));
        var changed = new TaskCompletionSource();
        keys.Changed += changed.SetResult;

        _issuer.Rotate();
        _issuer.Retire();
        _clock.Advance(TimeSpan.FromSeconds(61));
        await changed.Task.Within();

        Assert.NotEqual(old, TokenKeys.PrintOf(Assert.Single(keys.Current)));
    }

    [Fact]
    public async Task Token_ByANewKey_WaitsForTheIssuerAndIsTaken()
    {
        await using var issuer = await _issuer.ServeAsync();
        var store = Store(new JwtOptions { KeySetUrl = $"{issuer.Urls.Single()}/jwks" });
        Assert.True((await store.AuthenticateAsync(_issuer.Issue("viewer")).AsTask().Within()).Succeeded);

        _issuer.Rotate();
        var answer = store.AuthenticateAsync(_issuer.Issue("viewer")).AsTask();
        await AdvanceAsync();

        Assert.True((await answer.Within()).Succeeded);
        Assert.Equal(2, _issuer.FetchCount);
    }

    [Fact]
    public async Task Credential_OfATokenWhoseTimeIsOver_EndsAfterTheSkew()
    {
        var store = Store(WithFile());
        var token = _issuer.Issue("viewer", expires: _clock.GetUtcNow().AddSeconds(60));
        var credential = await CredentialAsync(store, token);

        _clock.Advance(TimeSpan.FromSeconds(88));
        Assert.Null(credential!.End);
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(CredentialEnd.Expired, credential.End);
        Assert.Equal(CredentialEnd.Expired, ((CredentialRefusedException)(await store.AuthenticateAsync(token)).Failure!).End);
    }

    [Fact]
    public async Task Credential_OfATokenWhoseKeyIsTakenAway_EndsAndThatOfAnotherDoesNot()
    {
        var options = WithFile();
        var store = Store(options);
        var old = await CredentialAsync(store, _issuer.Issue("viewer"));
        _issuer.Rotate();
        await File.WriteAllTextAsync(options.KeySetFile!, _issuer.KeySet);
        _clock.Advance(TimeSpan.FromSeconds(4));
        var token = _issuer.Issue("viewer");
        var young = await CredentialAsync(store, token);
        Assert.Null(old!.End);

        _issuer.Retire();
        await File.WriteAllTextAsync(options.KeySetFile!, _issuer.KeySet);
        _clock.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(CredentialEnd.Revoked, old.End);
        Assert.Null(young!.End);
        Assert.Same(young, await CredentialAsync(store, token));
    }

    public void Dispose()
    {
        _open.ForEach(each => each.Dispose());
        _issuer.Dispose();
        _folder.Delete(recursive: true);
    }

    private static async Task<Credential?> CredentialAsync(TokenStore store, string token) => ((await store.AuthenticateAsync(token)).Principal as CallerPrincipal)?.Credential;

    /// <summary>Lets more time pass than a refresh waits, whenever it begins to, and less than until the next.</summary>
    private async Task AdvanceAsync()
    {
        for (var i = 0; i < 30; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(0.1));
            await Task.Yield();
        }
    }

    private JwtOptions WithFile()
    {
        var path = Path.Combine(_folder.FullName, "jwks.json");
        File.WriteAllText(path, _issuer.KeySet);
        return new JwtOptions { KeySetFile = path };
    }

    private TokenKeys Keys(JwtOptions options)
    {
        (options.Issuer, options.Audience) = (TestIssuer.Name, TestIssuer.Audience);
        var keys = new TokenKeys(Options.Create(options), new FollowedInputs(_clock), NullLogger<TokenKeys>.Instance);
        _open.Add(keys);
        return keys;
    }

    private TokenStore Store(JwtOptions options)
    {
        var store = new TokenStore(new FixedOptions<JwtOptions>(options), Keys(options), _clock, NullLogger<TokenStore>.Instance);
        _open.Add(store);
        return store;
    }
}
