using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Mfn.Server.Tests.Web;

/// <summary>Files over HTTP that are refused.</summary>
public sealed class UploadRefusalTests : IAsyncLifetime
{
    private const string Npy = "application/x-npy";

    private readonly HttpClient _http = new();
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    /// <summary>One of the two would be passed over.</summary>
    [Theory]
    [InlineData("/v1/aggregations:stream?spec.byzantine_count=0&spec.rule.median=&spec.length=3&spec.encoding=VECTOR_ENCODING_FLOAT64&update_count=9", "spec.length, spec.encoding, update_count")]
    [InlineData("/v1/features:stream?frame.rows=3", "frame")]
    [InlineData("/v1/fractals:computeBoxCountingDimensionStream?start.field.rows=3", "start.field")]
    [InlineData("/v1/runs:createStream?start.initialFields.activator.rows=3", "start.initial_fields")]
    public async Task Query_SaysWhatTheFileSays_IsRefused(string path, string fields)
    {
        var (status, body) = await PostAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var violations = JsonDocument.Parse(body).RootElement.GetProperty("details")[0].GetProperty("field_violations").EnumerateArray().ToList();
        Assert.Equal(fields.Split(", ").Order(), violations.Select(violation => violation.GetProperty("field").GetString()).Order());
        Assert.All(violations, violation => Assert.Equal("is told by the file, and must not be in the query", violation.GetProperty("description").GetString()));
    }

    /// <summary>What follows on the connection of a file that was refused is answered.</summary>
    [Theory]
    [InlineData("no array at all, but as long as one would have to be")]
    [InlineData("\u0093NUMPY\u0001\0\u0010\0{'descr': '|O'} \n")]
    public async Task Refused_LeavesTheConnection(string file)
    {
        var at = new Uri(_server.WebUrl!);
        using var client = new TcpClient();
        await client.ConnectAsync(at.Host, at.Port);
        await using var stream = client.GetStream();

        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"POST /v1/fractals:computeHistoryStabilityStream HTTP/1.1\r\nHost: {at.Authority}\r\nContent-Type: {Npy}\r\nContent-Length: {file.Length}\r\n\r\n{file}"
            + $"GET /v1/features HTTP/1.1\r\nHost: {at.Authority}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        var answers = await reader.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 400 ", answers, StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 200 ", answers, StringComparison.Ordinal);
    }

    /// <summary>Sends a field of 8 x 8 zeros.</summary>
    private async Task<(HttpStatusCode Status, string Body)> PostAsync(string path)
    {
        var header = "{'descr': '<f8', 'fortran_order': False, 'shape': (8, 8), }".PadRight(117) + "\n";
        using var content = new ByteArrayContent([0x93, .. "NUMPY\u0001\0v\0"u8, .. Encoding.ASCII.GetBytes(header), .. new byte[512]]);
        content.Headers.ContentType = new(Npy);
        using var response = await _http.PostAsync(new Uri(_server.WebUrl + path), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
