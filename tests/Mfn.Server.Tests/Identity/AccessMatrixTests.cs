using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.AspNetCore.Builder;

namespace Mfn.Server.Tests.Identity;

/// <summary>Every RPC of every service for every kind of caller: the outcome is that of the table of permissions.</summary>
public sealed class AccessMatrixTests(AccessMatrixTests.Gate gate) : IClassFixture<AccessMatrixTests.Gate>
{
    /// <summary>Callers by their names, and the role that each has; "" for one that is nobody.</summary>
    public static TheoryData<string, string> Callers => new()
    {
        { "nobody", "" },
        { "key of a viewer", "viewer" },
        { "key of an operator", "operator" },
        { "key of a contributor", "contributor" },
        { "key of an admin", "admin" },
        { "key of another tenant's admin", "admin" },
        { "key without roles", "none" },
        { "key that was revoked", "" },
        { "key that has expired", "" },
        { "key of another server", "" },
        { "token of a viewer", "viewer" },
        { "token of an operator", "operator" },
        { "token of a contributor", "contributor" },
        { "token of an admin", "admin" },
        { "token with other roles", "none" },
        { "token of another audience", "" },
        { "token of another issuer", "" },
        { "token that has expired", "" },
        { "token of alg none", "" },
        { "token by HS256 with the public key", "" },
        { "token by another server's key", "" },
        { "token of a wrong tenant", "" },
        { "certificate of a viewer", "viewer" },
        { "certificate of an operator", "operator" },
        { "certificate of an admin, by URI", "admin" },
        { "certificate of nobody known", "" },
        { "certificate that was revoked", "" },
    };

    [Theory, MemberData(nameof(Callers))]
    public async Task EachRpc_OfACaller_HasTheOutcomeOfTheTable(string caller, string role)
    {
        var (headers, certificate) = gate.Callers[caller];
        using var channel = gate.Connect(certificate);

        foreach (var (method, permission) in PermissionTable.ByMethod)
        {
            var expected = permission.IsOpen ? "let in"
                : role.Length == 0 ? nameof(StatusCode.Unauthenticated)
                : permission.IsGivenTo(RoleNames.TryParse(role, out var roles) ? roles : Roles.None) ? "let in"
                : nameof(StatusCode.PermissionDenied);
            Assert.Equal((caller, method, expected), (caller, method, await OutcomeAsync(channel, method, headers)));
        }
    }

    /// <summary>These do not get as far as a call.</summary>
    [Theory]
    [InlineData("certificate of another authority")]
    [InlineData("certificate that has expired")]
    [InlineData("certificate without clientAuth")]
    public async Task Handshake_WithABadCertificate_Fails(string caller)
    {
        var (headers, certificate) = gate.Callers[caller];
        using var channel = gate.Connect(certificate);

        foreach (var method in PermissionTable.ByMethod.Keys.Take(3))
        {
            Assert.Contains(await OutcomeAsync(channel, method, headers), RefusedHandshake.Outcomes.Select(code => code.ToString()));
        }
    }

    /// <summary>What becomes of a call whose message nobody can read, so that nothing is done for those who are let in.</summary>
    private static async Task<string> OutcomeAsync(GrpcChannel channel, string fullName, Metadata headers)
    {
        var parts = fullName.Split('/');
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, parts[1], parts[2], Marshaller(), Marshaller());
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, host: null, new CallOptions(headers));
        try
        {
            await call.RequestStream.WriteAsync([0xFF]);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException or IOException)
        {
            // It has been refused already.
        }

        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
            }
        });
        return refused.StatusCode == StatusCode.InvalidArgument ? "let in" : refused.StatusCode.ToString();

        static Marshaller<byte[]> Marshaller() => Marshallers.Create(bytes => bytes, bytes => bytes);
    }

    public sealed class Gate : IAsyncLifetime
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-gate-");
        private readonly KeyFile _keys = new();
        private readonly TestIssuer _issuer = new();
        private readonly TestIssuer _otherIssuer = new();
        private readonly TestAuthority _authority = new();
        private readonly TestAuthority _strangers = new();
        private WebApplication? _app;

        internal Dictionary<string, (Metadata Headers, X509Certificate2? Certificate)> Callers { get; } = [];

        public async ValueTask InitializeAsync()
        {
            AddKeys();
            AddTokens();
            var revoked = AddCertificates();
            using var server = _authority.IssueServer();
            _app = MfnServer.Build(
                "--urls=https://127.0.0.1:0",
                "--Logging:LogLevel:Default=None",
                $"--Tls:CertificateFile={Write("server.pem", server.ExportCertificatePem())}",
                $"--Tls:KeyFile={Write("server.key", server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}",
                $"--Tls:ClientAuthorityFile={Write("ca.pem", _authority.RootPem)}",
                "--Tls:RequireClientCertificate=false",
                $"--{_keys.Setting}",
                $"--Auth:Jwt:KeySetFile={Write("jwks.json", _issuer.KeySet)}",
                $"--Auth:Jwt:Issuer={TestIssuer.Name}",
                $"--Auth:Jwt:Audience={TestIssuer.Audience}",
                $"--Auth:Certificates:RevocationFile={Write("revoked.pem", _authority.Revoke(revoked))}",
                $"--Auth:Certificates:File={Write("identities.json", """
                    { "format_version": 1, "identities": [
                      { "subject": "CN=looker", "name": "looker", "tenant": "default", "roles": ["viewer"] },
                      { "subject": "CN=lab", "name": "lab", "tenant": "default", "roles": ["operator"] },
                      { "uri": "spiffe://mfn.example/admins/*", "name": "admins", "tenant": "default", "roles": ["admin"] } ] }
                    """)}");
            await _app.StartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (_app is not null)
            {
                await _app.DisposeAsync();
            }

            _keys.Dispose();
            _issuer.Dispose();
            _otherIssuer.Dispose();
            _authority.Dispose();
            _strangers.Dispose();
            _folder.Delete(recursive: true);
        }

        public GrpcChannel Connect(X509Certificate2? certificate) => GrpcChannel.ForAddress(_app!.Urls.Single(), new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    CertificateChainPolicy = _authority.CreatePolicy(),
                    ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
                },
            },
            DisposeHttpClient = true,
        });

        private void AddKeys()
        {
            Add("nobody", []);
            AddKey("key of a viewer", _keys.Add(Roles.Viewer));
            AddKey("key of an operator", _keys.Add(Roles.Operator));
            AddKey("key of a contributor", _keys.Add(Roles.Contributor));
            AddKey("key of an admin", _keys.Add(Roles.Admin));
            AddKey("key of another tenant's admin", _keys.Add(Roles.Admin, "other"));
            AddKey("key without roles", _keys.Add(Roles.None));
            AddKey("key that was revoked", _keys.Add(Roles.Admin, revoked: DateTimeOffset.UnixEpoch));
            AddKey("key that has expired", _keys.Add(Roles.Admin, expires: DateTimeOffset.UnixEpoch));
            AddKey("key of another server", ApiKeyText.Create());
        }

        private void AddTokens()
        {
            AddToken("token of a viewer", _issuer.Issue(new[] { "viewer" }));
            AddToken("token of an operator", _issuer.Issue("openid operator"));
            AddToken("token of a contributor", _issuer.Issue(new[] { "x", "contributor" }));
            AddToken("token of an admin", _issuer.Issue("admin"));
            AddToken("token with other roles", _issuer.Issue("Admin administrator root"));
            AddToken("token of another audience", _issuer.Issue("admin", audience: "other"));
            AddToken("token of another issuer", _issuer.Issue("admin", issuer: "https://other.example"));
            AddToken("token that has expired", _issuer.Issue("admin", expires: DateTimeOffset.UtcNow.AddMinutes(-2)));
            AddToken("token of alg none", _issuer.IssueUnsigned("admin"));
            AddToken("token by HS256 with the public key", _issuer.IssueByThePublicKey("admin"));
            AddToken("token by another server's key", _issuer.IssueByAnotherKey("admin"));
            AddToken("token of a wrong tenant", _issuer.Issue("admin", tenant: "../x"));
        }

        private X509Certificate2 AddCertificates()
        {
            var revoked = _authority.IssueClient("lab");
            Add("certificate of a viewer", [], _authority.IssueClient("looker"));
            Add("certificate of an operator", [], _authority.IssueClient("lab"));
            Add("certificate of an admin, by URI", [], _authority.IssueClientWithUri("spiffe://mfn.example/admins/one"));
            Add("certificate of nobody known", [], _authority.IssueClientWithUri("spiffe://mfn.example/others/one"));
            Add("certificate that was revoked", [], revoked);
            Add("certificate of another authority", [], _strangers.IssueClient("lab"));
            Add("certificate that has expired", [], _authority.IssueExpiredClient());
            Add("certificate without clientAuth", [], _authority.IssueServer());
            return revoked;
        }

        private void AddKey(string name, string key) => Add(name, new Metadata { { "x-api-key", key } });

        private void AddToken(string name, string token) => Add(name, new Metadata { { "authorization", $"Bearer {token}" } });

        private void Add(string name, Metadata headers, X509Certificate2? certificate = null) => Callers.Add(name, (headers, certificate));

        private string Write(string name, string text)
        {
            var path = Path.Combine(_folder.FullName, name);
            File.WriteAllText(path, text);
            return path;
        }
    }
}
