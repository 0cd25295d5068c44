using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Mfn.Server.Tests.GrpcStack.Wire;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Mfn.Server.Tests.GrpcStack;

public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TaskCompletionSource<Seen> _handled = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Tls_TrustedServer_IsCalledWithoutAPeerIdentity()
    {
        await using var server = await StartAsync(ClientCertificateMode.NoCertificate);

        await CallAsync(server, _authority);

        var seen = await _handled.Task.Within();
        Assert.True(seen.IsHttps);
        Assert.False(seen.Peer.IsPeerAuthenticated);
        Assert.Empty(seen.Peer.PeerIdentity);
    }

    [Fact]
    public async Task Tls_ServerOfAnotherAuthority_IsNotCalled()
    {
        using var other = new TestAuthority();
        await using var server = await StartAsync(ClientCertificateMode.NoCertificate);

        await Assert.ThrowsAsync<RpcException>(() => CallAsync(server, other));

        Assert.False(_handled.Task.IsCompleted);
    }

    [Fact]
    public async Task MutualTls_ClientWithCertificate_IsIdentified()
    {
        await using var server = await StartAsync(ClientCertificateMode.RequireCertificate);

        await CallAsync(server, _authority, _authority.IssueClient("alice"));

        var identity = (await _handled.Task.Within()).Peer;
        Assert.True(identity.IsPeerAuthenticated);
        Assert.Equal("x509_common_name", identity.PeerIdentityPropertyName);
        Assert.Equal("alice", Assert.Single(identity.PeerIdentity).Value);
        Assert.Equal("alice", Assert.Single(identity.FindPropertiesByName("x509_common_name")).Value);
    }

    [Fact]
    public async Task MutualTls_ClientWithoutCertificate_IsRefused()
    {
        await using var server = await StartAsync(ClientCertificateMode.RequireCertificate);

        await Assert.ThrowsAsync<RpcException>(() => CallAsync(server, _authority));

        Assert.False(_handled.Task.IsCompleted);
    }

    [Fact]
    public async Task MutualTls_ClientOfAnotherAuthority_IsRefused()
    {
        using var other = new TestAuthority();
        await using var server = await StartAsync(ClientCertificateMode.RequireCertificate);

        await Assert.ThrowsAsync<RpcException>(() => CallAsync(server, _authority, other.IssueClient("alice")));

        Assert.False(_handled.Task.IsCompleted);
    }

    [Fact]
    public async Task CallCredentials_OfTheChannel_AddMetadataToEachCall()
    {
        AuthInterceptorContext? asked = null;
        var token = CallCredentials.FromInterceptor((context, metadata) =>
        {
            asked = context;
            metadata.Add("authorization", "Bearer token");
            return Task.CompletedTask;
        });
        await using var server = await StartAsync(ClientCertificateMode.NoCertificate);

        var credentials = ChannelCredentials.Create(ChannelCredentials.SecureSsl, token);
        await CallAsync(server, _authority, credentials: credentials);

        Assert.Equal("Bearer token", (await _handled.Task.Within()).Headers.GetValue("authorization"));
        Assert.Equal("Say", asked?.MethodName);
        Assert.Equal(new Uri(server.Address, "/mfn.test.v1.EchoService").ToString(), asked?.ServiceUrl);
    }

    [Fact]
    public async Task CallCredentials_ComposedOnOneCall_AreAppliedInOrder()
    {
        var composed = CallCredentials.Compose(Adding("one"), Adding("two"), Adding("three"));
        await using var server = await StartAsync(ClientCertificateMode.NoCertificate);

        await CallAsync(server, _authority, options: new CallOptions(credentials: composed));

        // HttpClient joins headers of the same name.
        Assert.Equal("one, two, three", (await _handled.Task.Within()).Headers.GetValue("x-added"));
    }

    [Fact]
    public async Task CallCredentials_OnAPlainConnection_AreNotSent()
    {
        await using var server = await EchoServer.StartAsync(Handlers());

        await server.CreateClient().SayAsync(new EchoRequest(), new CallOptions(credentials: Adding("secret")))
            .ResponseAsync.Within();

        Assert.Null((await _handled.Task.Within()).Headers.Get("x-added"));
    }

    private static CallCredentials Adding(string value) => CallCredentials.FromInterceptor((_, metadata) =>
    {
        metadata.Add("x-added", value);
        return Task.CompletedTask;
    });

    private static async Task CallAsync(
        EchoServer server,
        TestAuthority trusted,
        X509Certificate2? certificate = null,
        ChannelCredentials? credentials = null,
        CallOptions options = default)
    {
        var client = server.CreateClient(channel =>
        {
            channel.Credentials = credentials;
            channel.HttpHandler = new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    CertificateChainPolicy = trusted.CreatePolicy(),
                    ClientCertificates = certificate is null ? null : [certificate],
                },
            };
        });
        await client.SayAsync(new EchoRequest(), options).ResponseAsync.Within();
    }

    private EchoHandlers Handlers() => new()
    {
        OnSay = (_, context) =>
        {
            var isHttps = context.GetHttpContext().Request.IsHttps;
            _handled.SetResult(new Seen(isHttps, context.AuthContext, context.RequestHeaders));
            return Task.FromResult(new EchoResponse());
        },
    };

    private Task<EchoServer> StartAsync(ClientCertificateMode mode) => EchoServer.StartAsync(
        Handlers(),
        configureTls: tls =>
        {
            tls.ServerCertificate = _authority.IssueServer();
            tls.ClientCertificateMode = mode;
            tls.OnAuthenticate = (_, options) => options.CertificateChainPolicy = _authority.CreatePolicy();
        });

    /// <summary>What a handler saw of its call; the context itself is of no use once the call has ended.</summary>
    private sealed record Seen(bool IsHttps, AuthContext Peer, Metadata Headers);
}
