using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Mfn.Contracts.V1;
using Mfn.OpenApi;
using Mfn.Server.Tests.Configuration;
using Mfn.Server.Web;
using Mfn.Server.Web.Reference;

namespace Mfn.Server.Tests.Web;

/// <summary>
/// docs/openapi.json is made from the contracts, and true. With UPDATE_OPENAPI=1 in the environment it is written anew instead; the server has it when it is built again.
/// </summary>
public sealed class OpenApiTests
{
    private const string AnyPort = "Web:Url=http://127.0.0.1:0";

    private static readonly string DocumentPath = Path.Combine(DocumentedSetting.Repository(), "docs", "openapi.json");

    private static readonly Lazy<JsonNode> Document = new(() => JsonNode.Parse(File.ReadAllText(DocumentPath))!);

    /// <summary>Every operation but WebSockets, and of those with several bodies each.</summary>
    public static TheoryData<string, string, string> Examples
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var (verb, path, operation) in Operations(Document.Value).Where(each => each.Operation["responses"]!["200"] is not null))
            {
                foreach (var name in ExamplesOf(operation)?.Select(example => example.Key) ?? [""])
                {
                    data.Add(verb, path, name);
                }
            }

            return data;
        }
    }

    [Fact]
    public async Task Document_IsMadeFromTheContracts()
    {
        var made = await DocumentBuilder.BuildAsync();
        if (Environment.GetEnvironmentVariable("UPDATE_OPENAPI") == "1")
        {
            await File.WriteAllTextAsync(DocumentPath, made);
        }

        Assert.Equal(made, await File.ReadAllTextAsync(DocumentPath));
    }

    /// <summary>What the listener serves and what the document says are the same paths.</summary>
    [Fact]
    public async Task Document_HasTheRoutesThatThereAre()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        var routes = server.WebRoutes.All.Select(route => (route.Verb, route.Path.Text));

        Assert.Equal(
            HttpRules.All.Select(rule => (rule.Verb, rule.Path.Text)).Concat(routes).Concat(ReferenceSockets.Paths.Select(path => ("GET", path))).Order(),
            Operations(Document.Value).Select(operation => (operation.Verb, operation.Path)).Order());
    }

    /// <summary>Each works as it is, and the answer is what the document says.</summary>
    [Theory, MemberData(nameof(Examples))]
    public async Task Example_IsServed(string verb, string path, string name)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var http = new HttpClient { BaseAddress = new Uri(server.WebUrl!) };
        var operation = Document.Value["paths"]![path]![verb.ToLowerInvariant()]!;
        var run = await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 16, Steps = 20 }, Paused = path.EndsWith(":steer", StringComparison.Ordinal) });
        var query = string.Join('&', from parameter in operation["parameters"]?.AsArray() ?? []
                                     where (string?)parameter!["in"] == "query" && parameter["example"] is not null
                                     select $"{parameter["name"]}={Uri.EscapeDataString(parameter["example"]!.ToString())}");
        var url = $"{path.Replace("{run_id}", run.Run.RunId, StringComparison.Ordinal)}?{query}";
        var answers = operation["responses"]!["200"]!["content"]!.AsObject();
        foreach (var (contentType, declared) in answers)
        {
            using var request = new HttpRequestMessage(new HttpMethod(verb), url);
            request.Headers.TryAddWithoutValidation("Accept", contentType);
            request.Content = await BodyOf(operation, name, run.Run.RunId, http);
            using var response = await http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();

            Assert.Equal((HttpStatusCode.OK, contentType), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
            Assert.NotEmpty(text);
            foreach (var (json, schema) in MessagesOf(text, contentType, declared!["schema"]!))
            {
                Assert.Empty(ProblemsOf(json, schema));
            }
        }
    }

    /// <summary>Bounds that are settings are this server's, and it keeps to them.</summary>
    [Fact]
    public async Task Served_LimitsOfServer_AreItsBounds()
    {
        await using var usual = await TestServer.StartAsync(AnyPort);
        await using var small = await TestServer.StartAsync(AnyPort, "Limits:MaxGridSize=16", "Limits:MaxFrames=2");
        using var rest = new RestClient(usual.WebUrl!);
        using var other = new RestClient(small.WebUrl!);

        var (_, served) = await rest.SendAsync("GET", "/openapi.json");
        var (_, bounded) = await other.SendAsync("GET", "/openapi.json");
        var (refused, _) = await other.SendAsync("POST", "/v1/simulations:explain", """{"spec": {"grid_size": 17}}""");
        var (taken, _) = await other.SendAsync("POST", "/v1/simulations:explain", """{"spec": {"grid_size": 16}}""");

        Assert.Equal(await File.ReadAllTextAsync(DocumentPath), served);
        var schemas = JsonNode.Parse(bounded)!["components"]!["schemas"]!;
        Assert.Equal(16, (int)schemas["SimulationSpecInput"]!["properties"]!["grid_size"]!["maximum"]!);
        Assert.Equal(2, (int)schemas["ExtractFeaturesRequest"]!["properties"]!["frames"]!["maxItems"]!);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.OK), (refused.StatusCode, taken.StatusCode));
    }

    [Theory]
    [InlineData("/openapi.json", "application/json", "\"openapi\": \"3.1")]
    [InlineData("/docs", "text/html; charset=utf-8", "<div id=\"swagger-ui\">")]
    [InlineData("/docs/docs.js", "text/javascript; charset=utf-8", "SwaggerUIBundle(")]
    [InlineData("/docs/swagger-ui.css", "text/css; charset=utf-8", ".swagger-ui")]
    [InlineData("/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", "SwaggerUIBundle")]
    public async Task Documentation_IsServedToEverybody_AndOnceOnly(string path, string contentType, string content)
    {
        using var keys = new Identity.KeyFile();
        await using var server = await TestServer.StartAsync(AnyPort, $"Auth:ApiKeys:File={keys.Path}");
        using var rest = new RestClient(server.WebUrl!);

        var (response, body) = await rest.SendAsync("GET", path);
        var (head, nothing) = await rest.SendAsync("HEAD", path);
        var tag = response.Headers.ETag!.ToString();
        var (same, none) = await rest.SendAsync("GET", path, null, ("If-None-Match", $"\"other\", W/{tag}"));
        var (changed, _) = await rest.SendAsync("GET", path, null, ("If-None-Match", "\"other\""));
        var (secret, _) = await rest.SendAsync("GET", "/v1/runs");

        Assert.Equal((HttpStatusCode.OK, contentType), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Equal((HttpStatusCode.OK, "", tag), (head.StatusCode, nothing, head.Headers.ETag?.ToString()));
        Assert.Equal(response.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Equal((HttpStatusCode.NotModified, "", tag), (same.StatusCode, none, same.Headers.ETag?.ToString()));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (changed.StatusCode, secret.StatusCode));
        Assert.Contains(content, body, StringComparison.Ordinal);
    }

    /// <summary>A browser lets the page have nothing of other hosts, and it asks for nothing of them.</summary>
    [Fact]
    public async Task Page_NeedsNoOtherHost()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, page) = await rest.SendAsync("GET", "/docs");
        var (_, script) = await rest.SendAsync("GET", "/docs/docs.js");

        var policy = response.Headers.GetValues("Content-Security-Policy").Single().Split("; ");
        Assert.Contains("default-src 'none'", policy);
        Assert.Contains("script-src 'self'", policy);
        Assert.Contains("connect-src 'self'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain(policy, rule => rule.Contains("//", StringComparison.Ordinal) || rule.Contains('*', StringComparison.Ordinal));
        Assert.DoesNotContain("//", page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("://", script, StringComparison.Ordinal);
        Assert.Contains("validatorUrl: null", script, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Verb, string Path, JsonNode Operation)> Operations(JsonNode document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (operation.Key.ToUpperInvariant(), path.Key, operation.Value!);

    private static JsonObject? ExamplesOf(JsonNode operation) => operation["requestBody"]?["content"]!["application/json"]?["examples"]!.AsObject();

    /// <summary>The example of a name, or a file of the kind that is asked for.</summary>
    private static async Task<HttpContent?> BodyOf(JsonNode operation, string name, string runId, HttpClient http)
    {
        var content = operation["requestBody"]?["content"]!.AsObject().Single();
        var bytes = content?.Key switch
        {
            null => null,
            "application/json" => ExamplesOf(operation)![name]!["value"]!.ToJsonString().Select(letter => (byte)letter).ToArray(),
            "application/x-npy" => Array(8, 8),
            _ => await http.GetByteArrayAsync(new Uri($"/v1/runs/{runId}/export", UriKind.Relative)),
        };
        return bytes is null ? null : new ByteArrayContent(bytes) { Headers = { ContentType = new(content!.Value.Key) } };
    }

    private static byte[] Array(int rows, int columns)
    {
        var header = $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY\u0001\0v\0"u8, .. header.Select(letter => (byte)letter), .. MemoryMarshal.AsBytes<double>(Enumerable.Repeat(-0.07, rows * columns).ToArray())];
    }

    /// <summary>The JSON in an answer, each part with its schema.</summary>
    private static IEnumerable<(string Json, JsonNode Schema)> MessagesOf(string text, string contentType, JsonNode schema) => contentType switch
    {
        "application/json" => [(text, schema)],
        "application/x-ndjson" => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (line, schema["contentSchema"]!)),
        _ => [],
    };

    private static IEnumerable<string> ProblemsOf(string json, JsonNode schema)
    {
        // Where the validator looks for them.
        var root = JsonNode.Parse(schema.ToJsonString())!.AsObject();
        root["$defs"] = Document.Value["components"]!["schemas"]!.DeepClone();
        var text = root.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal);
        using var answer = JsonDocument.Parse(json);
        var found = JsonSchema.FromText(text, new BuildOptions { SchemaRegistry = new SchemaRegistry(), Dialect = Dialect.Draft202012 }).Evaluate(answer.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        return found.IsValid ? [] : found.Details!.Where(detail => detail.Errors is not null).SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation} {error.Key}: {error.Value}"));
    }
}
