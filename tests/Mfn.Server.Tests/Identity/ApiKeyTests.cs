using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Status = Grpc.Core.Status;

namespace Mfn.Server.Tests.Identity;

public sealed class ApiKeyTests : IDisposable
{
    private readonly KeyFile _keys = new();

    [Theory]
    [InlineData("authorization", "Bearer ")]
    [InlineData("authorization", "bearer ")]
    [InlineData("x-api-key", "")]
    public async Task Call_WithAKey_IsServed(string header, string before)
    {
        var key = _keys.Add(Roles.Viewer);
        await using var server = await TestServer.StartAsync(_keys.Setting);

        var answer = await server.Runs.ListRunsAsync(new ListRunsRequest(), new Metadata { { header, before + key } });

        Assert.Empty(answer.Runs);
    }

    [Fact]
    public async Task Call_WithoutAKeyThatIsGood_IsUnauthenticatedAndSaysWhy()
    {
        var good = _keys.Add(Roles.Admin);
        var revoked = _keys.Add(Roles.Admin, revoked: DateTimeOffset.UnixEpoch);
        var expired = _keys.Add(Roles.Admin, expires: DateTimeOffset.UnixEpoch);
        await using var server = await TestServer.StartAsync(_keys.Setting);

        Assert.Equal("CREDENTIAL_MISSING", await RefuseAsync([]));
        Assert.Equal("CREDENTIAL_REVOKED", await RefuseAsync([new("x-api-key", revoked)]));
        Assert.Equal("CREDENTIAL_EXPIRED", await RefuseAsync([new("authorization", $"Bearer {expired}")]));

        // Whether there is such a key is told to nobody who does not have it.
        string[] wrong = [$"{good[..^1]}{(good[^1] == '0' ? '1' : '0')}", $"{revoked[..^1]}{(revoked[^1] == '0' ? '1' : '0')}", ApiKeyText.Create(), "mfn_", "x"];
        Assert.All(await Task.WhenAll(wrong.Select(key => RefuseAsync([new("x-api-key", key)]))), reason => Assert.Equal("CREDENTIAL_INVALID", reason));
        Assert.All(await Task.WhenAll(wrong.Select(key => RefuseAsync([new("authorization", $"Bearer {key}")]))), reason => Assert.Equal("CREDENTIAL_INVALID", reason));
        Assert.Equal("CREDENTIAL_INVALID", await RefuseAsync([new("authorization", good)]));
        Assert.Equal("CREDENTIAL_INVALID", await RefuseAsync([new("authorization", $"Basic {good}")]));
        Assert.Equal("CREDENTIAL_INVALID", await RefuseAsync([new("authorization", $"Bearer {good}"), new("x-api-key", good)]));
        Assert.Equal("CREDENTIAL_INVALID", await RefuseAsync([new("authorization", $"Bearer {good}"), new("authorization", $"Bearer {good}")]));

        async Task<string> RefuseAsync(Metadata headers)
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.ListRunsAsync(new ListRunsRequest(), headers));
            Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
            return error.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason;
        }
    }

    [Fact]
    public async Task Call_BeyondItsRole_IsDeniedAndNamesThePermission()
    {
        var key = _keys.Add(Roles.Viewer, name: "looker");
        await using var server = await TestServer.StartAsync(_keys.Setting);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.SimulateAsync(new SimulateRequest(), new Metadata { { "x-api-key", key } }));

        Assert.Equal(
            new Status(StatusCode.PermissionDenied, "The call needs the permission compute.run, which operator, admin have, but looker is viewer."),
            new Status(error.StatusCode, error.Status.Detail));
        var info = error.GetRpcStatus()!.GetDetail<ErrorInfo>()!;
        Assert.Equal(("PERMISSION_DENIED", "compute.run"), (info.Reason, info.Metadata["permission"]));
    }

    [Fact]
    public async Task Upload_WithoutAKey_IsRefusedBeforeItIsSent()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting);
        using var call = server.Runs.ImportRun();

        var error = await Assert.ThrowsAsync<RpcException>(async () => await call.ResponseAsync);

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Fact]
    public async Task Health_NeedsNoKeyToBeChecked_ButToBeWatched()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting);

        var answer = await server.Health.CheckAsync(new HealthCheckRequest(), new Metadata { { "x-api-key", "nonsense" } });
        using var watch = server.Health.Watch(new HealthCheckRequest());
        var error = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Fact]
    public async Task UnknownMethod_IsToldToThoseWhoAreKnownAlone()
    {
        var key = _keys.Add(Roles.None);
        await using var server = await TestServer.StartAsync(_keys.Setting);
        var method = new Method<HealthCheckRequest, HealthCheckRequest>(
            MethodType.Unary, "mfn.v1.RunService", "Nothing", Marshaller(), Marshaller());

        Assert.Equal(StatusCode.Unauthenticated, await CallAsync([]));
        Assert.Equal(StatusCode.Unimplemented, await CallAsync([new("x-api-key", key)]));

        async Task<StatusCode> CallAsync(Metadata headers) => (await Assert.ThrowsAsync<RpcException>(async () =>
            await server.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers), new HealthCheckRequest()))).StatusCode;

        static Marshaller<HealthCheckRequest> Marshaller() => Marshallers.Create(_ => Array.Empty<byte>(), _ => new HealthCheckRequest());
    }

    [Fact]
    public async Task AllowAnonymous_ServesThoseWithoutAKey_ButNoWrongOne()
    {
        await using var server = await TestServer.StartAsync(_keys.Setting, "Auth:AllowAnonymous=true");

        await server.Runs.ListRunsAsync(new ListRunsRequest());
        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.ListRunsAsync(new ListRunsRequest(), new Metadata { { "x-api-key", ApiKeyText.Create() } }));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    public void Dispose() => _keys.Dispose();
}
