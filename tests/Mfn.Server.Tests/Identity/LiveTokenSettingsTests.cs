using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Identity;

/// <summary>What tokens must have, which changes while they are in use.</summary>
public sealed class LiveTokenSettingsTests : IDisposable
{
    private readonly TestIssuer _issuer = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-live-tokens-");

    private string SettingsPath => Path.Combine(_folder.FullName, "mfn.json");

    /// <summary>A token that was good for the old audience is known by its hash, and refused all the same.</summary>
    [Fact]
    public async Task Audience_ThatChanges_IsThatOfTokensInUseToo()
    {
        var keySet = Path.Combine(_folder.FullName, "jwks.json");
        await File.WriteAllTextAsync(keySet, _issuer.KeySet);
        Write("mfn");
        await using var server = await TestServer.StartAsync($"config={SettingsPath}", $"Auth:Jwt:KeySetFile={keySet}", $"Auth:Jwt:Issuer={TestIssuer.Name}");
        var (old, other) = (_issuer.Issue("operator"), _issuer.Issue("operator", audience: "other"));
        Assert.Equal((StatusCode.OK, StatusCode.Unauthenticated), (await OutcomeAsync(server, old), await OutcomeAsync(server, other)));
        using var stream = server.Runs.SteerRun(Headers(old));

        Write("other");

        await Patience.UntilAsync(async () => await OutcomeAsync(server, other) == StatusCode.OK);

        Assert.Equal(StatusCode.Unauthenticated, await OutcomeAsync(server, old));

        // Its caller is told to call again, and will be judged then.
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None)).Within()).StatusCode);
    }

    public void Dispose()
    {
        _issuer.Dispose();
        _folder.Delete(recursive: true);
    }

    private static Metadata Headers(string token) => new() { { "authorization", $"Bearer {token}" } };

    private static async Task<StatusCode> OutcomeAsync(TestServer server, string token)
    {
        try
        {
            await server.Runs.ListRunsAsync(new ListRunsRequest(), Headers(token)).ResponseAsync.Within();
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }

    private void Write(string audience)
    {
        File.WriteAllText(SettingsPath + ".new", $$"""{ "Auth": { "Jwt": { "Audience": "{{audience}}" } } }""");
        File.Move(SettingsPath + ".new", SettingsPath, overwrite: true);
    }
}
