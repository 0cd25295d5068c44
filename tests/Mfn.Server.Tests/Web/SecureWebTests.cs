using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using Mfn.Server.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Mfn.Server.Tests.Web;

/// <summary>The web listener with TLS: browsers that show certificates for whatever page is in them, and HTTP/2.</summary>
public sealed class SecureWebTests : IAsyncLifetime
{
    private const string Lab = "https://lab.example.org";
    private const string Evil = "https://evil.example";
    private const string Forwarded = "x-client-certificate";
    private const string Identities = """{ "format_version": 1, "identities": [ { "subject": "CN=looker", "name": "looker", "tenant": "default", "roles": ["viewer"] } ] }""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-browser-");
    private readonly TestAuthority _authority = new();
    private readonly KeyFile _keys = new();
    private string _key = "";
    private WebApplication _app = null!;
    private string _url = "";

    public async ValueTask InitializeAsync()
    {
        _key = _keys.Add(Roles.Viewer);
        using var server = _authority.IssueServer();
        var tls = Tls(server);
        _app = MfnServer.Build([
            "--urls=https://127.0.0.1:0", "--Web:Url=https://127.0.0.1:0", "--Metrics:Url=off", "--Logging:LogLevel:Default=None", $"--Web:AllowedOrigins={Lab}", .. tls,
            "--Tls:RequireClientCertificate=false", $"--{_keys.Setting}", $"--Auth:Certificates:File={Write("identities.json", Identities)}",
        ]);
        await _app.StartAsync();
        _url = _app.Services.GetRequiredService<WebListener>().Url!;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _keys.Dispose();
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("GET", null, null, 200)]
    [InlineData("GET", Lab, null, 403)]
    [InlineData("GET", Evil, null, 403)]
    [InlineData("POST", Lab, null, 403)]
    [InlineData("POST", Evil, null, 403)]
    [InlineData("GET", null, "cross-site no-cors", 403)]
    [InlineData("GET", null, "same-site no-cors", 403)]
    [InlineData("GET", null, "same-origin no-cors", 200)]
    [InlineData("GET", null, "none navigate", 200)]
    [InlineData("GET", null, "cross-site navigate", 200)]
    public async Task Certificate_Alone_SufficesForNoPageOfAnotherOrigin(string verb, string? origin, string? fetch, int status)
    {
        using var certificate = _authority.IssueClient("looker");
        using var http = Connect(certificate);

        Assert.Equal(status, await SendAsync(http, verb, origin, fetch, key: null));
        Assert.Equal(origin == Evil && verb == "POST" ? 403 : 200, await SendAsync(http, verb, origin, fetch, _key));
    }

    /// <summary>Without one, a page is asked who it is as everybody else.</summary>
    [Fact]
    public async Task Page_WithoutACertificate_IsNobody()
    {
        using var http = Connect(null);

        Assert.Equal((401, 401, 200), (await SendAsync(http, "GET", Lab, null, null), await SendAsync(http, "GET", null, "cross-site no-cors", null), await SendAsync(http, "POST", Lab, null, _key)));
    }

    /// <summary>What a trusted proxy tells of its client's certificate is no more than that.</summary>
    [Fact]
    public async Task Certificate_ThatAProxyTellsOf_SufficesForNoPageOfAnotherOrigin()
    {
        await using var server = await TestServer.StartAsync(
            "Web:Url=http://127.0.0.1:0", $"Web:AllowedOrigins={Lab}", _keys.Setting, $"Auth:Certificates:File={Write("identities.json", Identities)}",
            "Auth:Proxies:Addresses=127.0.0.1", $"Auth:Proxies:CertificateHeader={Forwarded}");
        using var http = new HttpClient { BaseAddress = new Uri(server.WebUrl!) };
        http.DefaultRequestHeaders.Add(Forwarded, "Subject=\"CN=looker\"");

        Assert.Equal(200, await SendAsync(http, "GET", null, null, null));
        Assert.Equal((403, 403, 403), (await SendAsync(http, "GET", Lab, null, null), await SendAsync(http, "GET", Evil, null, null), await SendAsync(http, "GET", null, "cross-site no-cors", null)));
        Assert.Equal(200, await SendAsync(http, "GET", Lab, null, _key));
    }

    [Theory]
    [InlineData("{}", 4007)]
    [InlineData("key", 4005)]
    public async Task Socket_OfAPage_NeedsAKeyOfItsOwn(string first, int closeCode)
    {
        using var certificate = _authority.IssueClient("looker");
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", Lab);
        using var invoker = new HttpMessageInvoker(HandlerOf(certificate));
        await socket.ConnectAsync(new Uri($"{_url.Replace("https:", "wss:", StringComparison.Ordinal)}/v1/runs/none/watch"), invoker, CancellationToken.None);

        await socket.SendAsync(Encoding.UTF8.GetBytes(first == "key" ? $$"""{"api_key": "{{_key}}"}""" : first), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var answer = await socket.ReceiveAsync(new byte[4096], CancellationToken.None);
        var close = await socket.ReceiveAsync(new byte[4096], CancellationToken.None);

        Assert.Equal((WebSocketMessageType.Text, closeCode), (answer.MessageType, (int)close.CloseStatus!.Value));
    }

    /// <summary>With TLS a client can say that it wants HTTP/2: gRPC itself is served then, and sockets are streams of the connection.</summary>
    [Fact]
    public async Task Http2_HasGrpcAndSockets()
    {
        using var certificate = _authority.IssueClient("looker");
        using var handler = HandlerOf(certificate);
        using var channel = GrpcChannel.ForAddress(_url, new GrpcChannelOptions { HttpHandler = handler });
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.AddSubProtocol("mfn.v1.json");

        var runs = await new RunService.RunServiceClient(channel).ListRunsAsync(new ListRunsRequest());
        await socket.ConnectAsync(new Uri($"{_url.Replace("https:", "wss:", StringComparison.Ordinal)}/v1/runs/none/watch"), invoker, CancellationToken.None);
        await socket.SendAsync("{}"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var answer = new byte[4096];
        var length = (await socket.ReceiveAsync(answer, CancellationToken.None)).Count;
        var close = await socket.ReceiveAsync(new byte[16], CancellationToken.None);

        Assert.Empty(runs.Runs);
        Assert.Equal("mfn.v1.json", socket.SubProtocol);
        Assert.StartsWith("{\"error\": ", Encoding.UTF8.GetString(answer, 0, length), StringComparison.Ordinal);
        Assert.Equal(4005, (int)close.CloseStatus!.Value);
    }

    private static async Task<int> SendAsync(HttpClient http, string verb, string? origin, string? fetch, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), verb == "GET" ? "/v1/runs" : "/v1/simulations:explain");
        if (verb == "POST")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        if (fetch?.Split(' ') is [var site, var mode])
        {
            request.Headers.Add("Sec-Fetch-Site", site);
            request.Headers.Add("Sec-Fetch-Mode", mode);
        }

        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        using var response = await http.SendAsync(request);
        return (int)response.StatusCode;
    }

    private HttpClient Connect(X509Certificate2? certificate) => new(HandlerOf(certificate)) { BaseAddress = new Uri(_url) };

    private SocketsHttpHandler HandlerOf(X509Certificate2? certificate) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = _authority.CreatePolicy(),
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
        },
    };

    private string[] Tls(X509Certificate2 server) =>
    [
        $"--Tls:CertificateFile={Write("server.pem", server.ExportCertificatePem())}",
        $"--Tls:KeyFile={Write("server.key", server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}",
        $"--Tls:ClientAuthorityFile={Write("ca.pem", _authority.RootPem)}",
    ];

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
