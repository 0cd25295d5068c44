using Mfn.Server.Tests.Observability;

namespace Mfn.Server.Tests.Web;

public sealed class WebCountingTests
{
    /// <summary>By what the path is a case of; what callers make up has one series for all of it.</summary>
    [Fact]
    public async Task Requests_AreCountedByTemplateAndStatus()
    {
        await using var server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0", "Metrics:Url=http://127.0.0.1:0");
        using var rest = new RestClient(server.WebUrl!);
        using var http = new HttpClient();
        var random = new Random(1);
        for (var i = 0; i < 20; i++)
        {
            await rest.SendAsync("GET", $"/v1/runs/{random.NextInt64():x16}{random.NextInt64():x16}");
            await rest.SendAsync("GET", $"/v{random.Next()}/{random.Next()}");
            await rest.SendAsync($"VERB{random.Next()}", "/v1/runs");
        }

        await rest.SendAsync("GET", "/v1/runs");
        await rest.SendAsync("HEAD", "/v1/runs");

        var found = new Exposition(await http.GetStringAsync(new Uri($"{server.MetricsUrl}/metrics")));
        Assert.Equal(20, found.Sum("mfn_http_requests_total", ("method", "GET"), ("endpoint", "/v1/runs/{run_id}"), ("status", "404")));
        Assert.Equal(20, found.Sum("mfn_http_requests_total", ("method", "GET"), ("endpoint", "unknown"), ("status", "404")));
        Assert.Equal(20, found.Sum("mfn_http_requests_total", ("method", "unknown"), ("endpoint", "unknown"), ("status", "405")));
        Assert.Equal((1, 1), (found.Sum("mfn_http_requests_total", ("method", "GET"), ("endpoint", "/v1/runs"), ("status", "200")), found.Sum("mfn_http_requests_total", ("method", "HEAD"))));
        Assert.Equal((62, 0), (found.Sum("mfn_http_request_duration_seconds_count"), found.Sum("mfn_http_requests_in_progress")));
        Assert.Equal(["/v1/runs", "/v1/runs/{run_id}", "unknown"], found.ValuesOf("mfn_http_requests_total", "endpoint").Order(StringComparer.Ordinal));

        // Those that reached a method are calls.
        Assert.Equal(22, found.Sum("mfn_rpc_handled_total"));
    }
}
