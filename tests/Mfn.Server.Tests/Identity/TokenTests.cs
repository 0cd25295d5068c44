using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Identity;

/// <summary>Tokens whose issuer changes its keys while they are in use.</summary>
public sealed class TokenTests : IDisposable
{
    private readonly TestIssuer _issuer = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-tokens-");

    /// <summary>No call is refused: the issuer is asked before a token by a new key is.</summary>
    [Theory]
    [InlineData("KeySetUrl")]
    [InlineData("Authority")]
    public async Task Issuer_WithANewKey_IsAskedBeforeItsTokenIsRefused(string source)
    {
        await using var issuer = await _issuer.ServeAsync();
        var url = issuer.Urls.Single();
        await using var server = await TestServer.StartAsync(
            source == "Authority" ? $"Auth:Jwt:Authority={url}" : $"Auth:Jwt:KeySetUrl={url}/jwks", $"Auth:Jwt:Issuer={url}", $"Auth:Jwt:Audience={TestIssuer.Audience}");

        await ListAsync(server, _issuer.Issue("viewer", issuer: url));

        var strange = _issuer.IssueByAnotherKey("viewer");
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => ListAsync(server, strange))).StatusCode);
        _issuer.Rotate();
        await ListAsync(server, _issuer.Issue("viewer", issuer: url));
    }

    [Fact]
    public async Task Issuer_ThatIsAway_LeavesItsKeysInForce()
    {
        var issuer = await _issuer.ServeAsync();
        var url = issuer.Urls.Single();
        await using var server = await TestServer.StartAsync($"Auth:Jwt:KeySetUrl={url}/jwks", $"Auth:Jwt:Issuer={TestIssuer.Name}", $"Auth:Jwt:Audience={TestIssuer.Audience}");
        await ListAsync(server, _issuer.Issue("viewer"));

        await issuer.DisposeAsync();

        await ListAsync(server, _issuer.Issue("operator"));
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => ListAsync(server, _issuer.IssueByAnotherKey("viewer")))).StatusCode);
    }

    /// <summary>A key that is taken away takes its streams along.</summary>
    [Fact]
    public async Task KeySetFile_WithoutAnOldKey_EndsTheStreamsOfItsTokens()
    {
        var path = Path.Combine(_folder.FullName, "jwks.json");
        await File.WriteAllTextAsync(path, _issuer.KeySet);
        await using var server = await TestServer.StartAsync($"Auth:Jwt:KeySetFile={path}", $"Auth:Jwt:Issuer={TestIssuer.Name}", $"Auth:Jwt:Audience={TestIssuer.Audience}");
        var old = Headers(_issuer.Issue("operator"));
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true }, old)).Run;
        using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId }, old);
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());

        _issuer.Rotate();
        _issuer.Retire();
        await File.WriteAllTextAsync(path, _issuer.KeySet);

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
            }
        });
        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Equal(run.RunId, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId }, Headers(_issuer.Issue("viewer")))).Run.RunId);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.ListRunsAsync(new ListRunsRequest(), old))).StatusCode);
    }

    [Fact]
    public async Task Watch_OfATokenThatExpires_Ends()
    {
        var path = Path.Combine(_folder.FullName, "jwks.json");
        await File.WriteAllTextAsync(path, _issuer.KeySet);
        await using var server = await TestServer.StartAsync(
            $"Auth:Jwt:KeySetFile={path}", $"Auth:Jwt:Issuer={TestIssuer.Name}", $"Auth:Jwt:Audience={TestIssuer.Audience}", "Auth:Jwt:ClockSkew=00:00:00");
        var headers = Headers(_issuer.Issue("operator", expires: DateTimeOffset.UtcNow.AddSeconds(4)));
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true }, headers)).Run;
        using var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = run.RunId }, headers);

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
            }
        });

        Assert.Equal("CREDENTIAL_EXPIRED", error.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason);
    }

    [Theory]
    [InlineData("--set Auth:Jwt:Authority needs Auth:Jwt:Audience: a token for somebody else must not be good here.", "Auth:Jwt:Authority=https://issuer.example")]
    [InlineData("--set Auth:Jwt:KeySetUrl needs Auth:Jwt:Issuer.", "Auth:Jwt:KeySetUrl=https://issuer.example/jwks", "Auth:Jwt:Audience=mfn")]
    [InlineData("--set Auth:Jwt:Authority and --set Auth:Jwt:KeySetUrl exclude one another.", "Auth:Jwt:Authority=https://a.example", "Auth:Jwt:KeySetUrl=https://a.example/k", "Auth:Jwt:Audience=mfn", "Auth:Jwt:Issuer=x")]
    [InlineData("--set Auth:Jwt:Authority must be a URL that begins with https://, or http:// of this machine, but was 'http://issuer.example'.", "Auth:Jwt:Authority=http://issuer.example", "Auth:Jwt:Audience=mfn")]
    [InlineData("--set Auth:Jwt:Algorithms must be some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 with blanks between them, but was 'RS256 HS256'.", "Auth:Jwt:Authority=https://issuer.example", "Auth:Jwt:Audience=mfn", "Auth:Jwt:Algorithms=RS256 HS256")]
    [InlineData("--set Auth:Jwt:Audience needs one of Auth:Jwt:Authority, Auth:Jwt:KeySetUrl, Auth:Jwt:KeySetFile, by whose keys tokens are checked.", "Auth:Jwt:Audience=mfn")]
    public void Settings_ThatAreNotEnoughOrUnsafe_AreRefused(string problem, params string[] settings) =>
        Assert.Equal([problem], MfnServer.FindProblems([.. settings.SelectMany(setting => new[] { "--set", setting })]));

    public void Dispose()
    {
        _issuer.Dispose();
        _folder.Delete(recursive: true);
    }

    private static Metadata Headers(string token) => new() { { "authorization", $"Bearer {token}" } };

    private static async Task ListAsync(TestServer server, string token) => await server.Runs.ListRunsAsync(new ListRunsRequest(), Headers(token));

}
