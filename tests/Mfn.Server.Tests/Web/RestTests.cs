using System.Net;
using System.Text.Json;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Web;

/// <summary>What HTTP asks of REST: statuses, methods, contents, limits, deadlines, identities, browsers.</summary>
public sealed class RestTests
{
    private const string AnyPort = "Web:Url=http://127.0.0.1:0";
    private const string Nernst = "/v1/membrane:computeNernstPotential";
    private const string Ion = """{"valence": 1, "outside_molar": 0.005, "inside_molar": 0.14}""";

    [Theory]
    [InlineData("GET", "/v1/runs", null, 200)]
    [InlineData("HEAD", "/v1/runs", null, 200)]
    [InlineData("OPTIONS", "/v1/runs", null, 204)]
    [InlineData("POST", Nernst, Ion, 200)]
    [InlineData("POST", Nernst, "{", 400)]
    [InlineData("GET", "/v1/runs?page_size=0", null, 400)]
    [InlineData("GET", "/v1/runs?page_size=1&page_size=2", null, 400)]
    [InlineData("GET", "/v1/runs?api_key=x", null, 400)]
    [InlineData("POST", Nernst + "?valence=1", Ion, 400)]
    [InlineData("GET", "/v1/runs/none", null, 404)]
    [InlineData("GET", "/v1/run", null, 404)]
    [InlineData("GET", "/", null, 404)]
    [InlineData("GET", "/v1/runs/", null, 404)]
    [InlineData("GET", "/v1/runs/a/b", null, 404)]
    [InlineData("GET", "/V1/runs", null, 404)]
    [InlineData("POST", "/mfn.v1.RunService/ListRuns", "{}", 404)]
    [InlineData("PUT", "/v1/runs", "{}", 405)]
    [InlineData("GET", Nernst, null, 405)]
    [InlineData("DELETE", "/v1/runs/none", null, 404)]
    public async Task Send_Request_HasTheStatus(string verb, string path, string? json, int status)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, body) = await rest.SendAsync(verb, path, json);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(verb is "HEAD" or "OPTIONS", body.Length == 0);
        if (path is "/" or "/V1/runs")
        {
            // Outside of the contracts' paths it is the reference's API that says so.
            Assert.StartsWith("There is nothing at", JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
        else if (status >= 400)
        {
            var refusal = JsonDocument.Parse(body).RootElement;
            Assert.NotEqual("", refusal.GetProperty("message").GetString());
            Assert.NotEqual(0, refusal.GetProperty("code").GetInt32());
        }
    }

    [Theory]
    [InlineData("/v1/runs", "POST, GET, HEAD, OPTIONS")]
    [InlineData(Nernst, "POST, OPTIONS")]
    public async Task Send_WrongMethod_IsToldTheRightOnes(string path, string allowed)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, _) = await rest.SendAsync("PATCH", path);

        Assert.Equal(allowed, string.Join(", ", response.Content.Headers.Allow));
    }

    [Theory]
    [InlineData("Content-Type", "text/plain", 415)]
    [InlineData("Content-Type", "application/json; charset=utf-16", 415)]
    [InlineData("Content-Encoding", "gzip", 400)]
    [InlineData("Content-Encoding", "br", 415)]
    [InlineData("Accept", "text/html", 406)]
    [InlineData("Accept", "application/json;q=0", 406)]
    [InlineData("Accept", "text/html, */*;q=0.1", 200)]
    [InlineData("Accept", "application/*", 200)]
    [InlineData("Request-Timeout", "soon", 400)]
    [InlineData("Request-Timeout", "-1", 400)]
    [InlineData("Request-Timeout", "1e3", 400)]
    [InlineData("Request-Timeout", "10.5", 200)]
    [InlineData("Request-Timeout", "99999999", 200)]
    [InlineData("grpc-timeout", "soon", 400)]
    [InlineData("grpc-timeout", "1H", 200)]
    [InlineData("grpc-encoding", "gzip", 200)]
    [InlineData("Origin", "https://elsewhere.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Host", "elsewhere.example", 403)]
    [InlineData("Host", "127.0.0.1.elsewhere.example", 403)]
    [InlineData("Host", "localhost", 200)]
    public async Task Send_WithHeader_HasTheStatus(string name, string value, int status)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, server.WebUrl + Nernst) { Content = new StringContent(Ion, System.Text.Encoding.UTF8, "application/json") };
        request.Content.Headers.Remove(name.StartsWith("Content", StringComparison.Ordinal) ? name : "none");
        Assert.True(name.StartsWith("Content", StringComparison.Ordinal)
            ? request.Content.Headers.TryAddWithoutValidation(name, value)
            : request.Headers.TryAddWithoutValidation(name, value));

        using var response = await http.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Send_PageOfItsOwnOrAnAllowedOrigin_IsServedAndToldSo()
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Web:AllowedOrigins=https://lab.example.org,http://localhost:3000");
        using var rest = new RestClient(server.WebUrl!);

        var (own, _) = await rest.SendAsync("POST", Nernst, Ion, ("Origin", server.WebUrl!));
        var (allowed, _) = await rest.SendAsync("POST", Nernst, Ion, ("Origin", "https://lab.example.org"));
        var (preflight, _) = await rest.SendAsync("OPTIONS", Nernst, null, ("Origin", "http://localhost:3000"), ("Access-Control-Request-Method", "POST"));
        var (other, _) = await rest.SendAsync("POST", Nernst, Ion, ("Origin", "http://lab.example.org"));
        var (read, _) = await rest.SendAsync("GET", "/v1/runs", null, ("Origin", "http://lab.example.org"));

        Assert.Equal((HttpStatusCode.OK, null), Cors(own));
        Assert.Equal((HttpStatusCode.OK, "https://lab.example.org"), Cors(allowed));
        Assert.Equal((HttpStatusCode.NoContent, "http://localhost:3000"), Cors(preflight));
        Assert.Equal((HttpStatusCode.Forbidden, null), Cors(other));

        // A page that is not allowed does not get to see what it asks for.
        Assert.Equal((HttpStatusCode.OK, null), Cors(read));
        Assert.Equal("Origin", allowed.Headers.Vary.ToString());

        static (HttpStatusCode, string?) Cors(HttpResponseMessage response) =>
            (response.StatusCode, response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null);
    }

    [Fact]
    public async Task Send_BodyAboveTheLimit_IsTooLarge()
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Limits:MaxRequestBytes=65536");
        using var rest = new RestClient(server.WebUrl!);
        using var http = new HttpClient();
        using var pieces = new StreamContent(new MemoryStream(new byte[70_000]));
        pieces.Headers.ContentType = new("application/json");

        var (known, _) = await rest.SendAsync("POST", "/v1/simulations:simulate", $$"""{"species": ["{{new string('u', 65536)}}"]}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server.WebUrl}/v1/simulations:simulate") { Content = pieces, Headers = { TransferEncodingChunked = true } };
        using var unknown = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, known.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, unknown.StatusCode);
    }

    [Fact]
    public async Task Send_RequestTimeout_IsTheDeadline()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, body) = await rest.SendAsync(
            "POST", "/v1/simulations:simulate", """{"spec": {"grid_size": 512, "steps": 10000}}""", ("Request-Timeout", "0.05"));

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Equal(4, JsonDocument.Parse(body).RootElement.GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Send_Identities_AreThoseOfGrpc()
    {
        using var keys = new KeyFile();
        var reader = keys.Add(Roles.Viewer);
        await using var server = await TestServer.StartAsync(AnyPort, keys.Setting);
        using var rest = new RestClient(server.WebUrl!);

        var (nobody, _) = await rest.SendAsync("GET", "/v1/runs");
        var (wrong, _) = await rest.SendAsync("GET", "/v1/runs", null, ("x-api-key", "mfn_wrong"));
        var (known, _) = await rest.SendAsync("GET", "/v1/runs", null, ("x-api-key", reader));
        var (bearer, _) = await rest.SendAsync("GET", "/v1/runs", null, ("Authorization", $"Bearer {reader}"));
        var (denied, body) = await rest.SendAsync("POST", "/v1/runs", "{}", ("x-api-key", reader));

        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden],
            new[] { nobody, wrong, known, bearer, denied }.Select(response => response.StatusCode));
        Assert.Equal("Bearer", nobody.Headers.WwwAuthenticate.ToString());
        Assert.Contains("PERMISSION_DENIED", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_OverQuota_IsToldWhenToComeBack()
    {
        await using var server = await TestServer.StartAsync(AnyPort, "Runs:MaxRuns=1");
        using var rest = new RestClient(server.WebUrl!);
        await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true });

        var (response, body) = await rest.SendAsync("POST", "/v1/runs", """{"spec": {"grid_size": 8}}""");

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        var delay = JsonDocument.Parse(body).RootElement.GetProperty("details").EnumerateArray().Single(detail => detail.TryGetProperty("retry_delay", out _)).GetProperty("retry_delay").GetString()!;
        Assert.Equal(Math.Ceiling(double.Parse(delay.TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture)), response.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
    }

    /// <summary>It is a call like any other to those who count and limit calls.</summary>
    [Fact]
    public async Task Send_Calls_AreCounted()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);
        using var counts = new Counts(server);

        await rest.SendAsync("POST", Nernst, Ion);
        await rest.SendAsync("POST", Nernst, "{");
        await rest.SendAsync("GET", "/v1/runs");

        Assert.Equal(3, counts["mfn.rpc.handled"]);
        Assert.Equal(1, counts["mfn.rpc.refusals"]);
        await Patience.UntilAsync(() => server.Memory.TakenFor(Mfn.Server.Memory.MemoryUse.Requests) == 0);
        Assert.Equal(0, server.OpenCalls.Count);
    }
}
