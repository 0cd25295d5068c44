using System.Buffers.Binary;
using System.Net;
using System.Text;
using Mfn.Client;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;
using Mfn.Server.Pictures;
using Mfn.Server.Tests.Cli.Pictures;

namespace Mfn.Server.Tests.Web;

/// <summary>Answers as arrays and pictures, by what a client accepts: the cells that gRPC brings.</summary>
public sealed class ArrayTests : IAsyncLifetime
{
    private const string Npy = "application/x-npy";
    private const string Bytes = "application/octet-stream";
    private const string Png = "image/png";

    private readonly HttpClient _http = new();
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0");

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(FieldEncoding.Unspecified)]
    [InlineData(FieldEncoding.Float32)]
    public async Task Simulate_AsAnArray_IsItsField(FieldEncoding encoding)
    {
        var json = $$"""{"spec": {"grid_size": 16, "steps": 5, "seed": 7}, "field_encoding": {{(int)encoding}}}""";
        var expected = await _server.Simulation.SimulateAsync(new SimulateRequest
        {
            Spec = new SimulationSpec { GridSize = 16, Steps = 5, Seed = 7 },
            FieldEncoding = encoding == FieldEncoding.Unspecified ? FieldEncoding.Float64 : encoding,
        });

        var bytes = await PostAsync(json, Bytes);
        var npy = await PostAsync(json, Npy);

        Assert.Equal(expected.Field.Values.ToByteArray(), bytes);
        AssertEqual(expected.Field, Read(npy));
    }

    /// <summary>A watch as an array is the frame that it begins with, and ends.</summary>
    [Theory]
    [InlineData("", 8)]
    [InlineData("?from_step=3", 3)]
    [InlineData("?from_step=3&field_encoding=FIELD_ENCODING_QUANTIZED16&region.row=2&region.rows=4&region.columns=6", 3)]
    public async Task Watch_AsAnArray_IsItsFirstField(string query, long step)
    {
        var run = await CreateAsync();
        var request = new WatchRunRequest { RunId = run, FieldEncoding = FieldEncoding.Float64 };
        if (step == 3)
        {
            request.FromStep = 3;
        }

        if (query.Contains("region", StringComparison.Ordinal))
        {
            (request.FieldEncoding, request.Region) = (FieldEncoding.Quantized16, new Region { Row = 2, Rows = 4, Columns = 6 });
        }

        using var call = _server.Runs.WatchRun(request);
        Assert.True(await call.ResponseStream.MoveNext(default));
        var field = call.ResponseStream.Current.Snapshot.Field;
        call.Dispose();

        using var response = await GetAsync($"/v1/runs/{run}/watch{query}", Npy);

        Assert.Equal((HttpStatusCode.OK, $"{step}"), (response.StatusCode, response.Headers.GetValues("mfn-step").Single()));
        AssertEqual(field, Read(await response.Content.ReadAsByteArrayAsync()));
        await GrpcStack.Patience.UntilAsync(() => _server.OpenCalls.Count == 0);
    }

    /// <summary>A pixel a cell, from the least to the greatest.</summary>
    [Fact]
    public async Task Watch_AsAPicture_HasAPixelACell()
    {
        var run = await CreateAsync();
        var cells = Read(await (await GetAsync($"/v1/runs/{run}/watch", Npy)).Content.ReadAsByteArrayAsync()).Cells;

        using var response = await GetAsync($"/v1/runs/{run}/watch", "image/avif,image/*;q=0.8");

        Assert.Equal(Png, response.Content.Headers.ContentType!.ToString());
        var (rows, columns, pixels, _) = PngFileTests.NaiveDecode(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal((8, 8), (rows, columns));
        Assert.Equal(cells.Select(cell => Picture.ColorOf(Picture.PixelOf(cell, cells.Min(), cells.Max()))), pixels);
    }

    [Theory]
    [InlineData("/v1/aggregations:aggregate")]
    [InlineData("/v1/aggregations:stream?spec.byzantine_count=0&spec.rule.median=")]
    public async Task Aggregate_AsAnArray_IsTheVector(string path)
    {
        float[] rows = [1, 2, 3, 4, 9, 6];
        var updates = Enumerable.Range(0, 3).Select(i => $$"""{"client_id": "{{i}}", "values": "{{Convert.ToBase64String(Singles(rows.AsSpan(2 * i, 2)))}}"}""");
        var json = $$"""{"spec": {"length": 2, "byzantine_count": 0, "rule": {"median": {} } }, "updates": [{{string.Join(",", updates)}}]}""";
        using var content = path.Contains('?', StringComparison.Ordinal)
            ? new ByteArrayContent([.. NpyFile.Header(sizeof(float), 3, 2), .. Singles(rows)])
            : (HttpContent)new StringContent(json, Encoding.UTF8, "application/json");
        content.Headers.ContentType ??= new(Npy);
        using var request = new HttpRequestMessage(HttpMethod.Post, _server.WebUrl + path) { Content = content };
        request.Headers.Accept.Add(new(Npy));

        using var response = await _http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var (shape, cells) = Read(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal([2], shape);
        Assert.Equal([3.0, 4.0], cells);
    }

    [Fact]
    public async Task Refusal_IsJson_WhateverIsAccepted()
    {
        using var unknown = await GetAsync("/v1/runs/none/watch", Png);
        using var wrong = await GetAsync("/v1/runs/none/watch?every_n_steps=none", Npy);
        using var none = await GetAsync("/v1/runs", Npy);

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadRequest, HttpStatusCode.NotAcceptable), (unknown.StatusCode, wrong.StatusCode, none.StatusCode));
        Assert.All([unknown, wrong, none], response => Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString()));
    }

    private static void AssertEqual(Field expected, (int[] Shape, double[] Cells) array)
    {
        Assert.Equal([expected.Rows, expected.Columns], array.Shape);
        Assert.Equal(expected.ToCells(), array.Cells);
    }

    private static byte[] Singles(ReadOnlySpan<float> values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        return bytes;
    }

    private (int[] Shape, double[] Cells) Read(byte[] file)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid()}.npy");
        File.WriteAllBytes(path, file);
        using var reader = NpyReader.Open(path);
        var cells = new double[reader.Count];
        reader.Read(cells);
        return ([.. reader.Shape], cells);
    }

    private async Task<string> CreateAsync()
    {
        var run = (await _server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 8, Seed = 3 } })).Run;
        await GrpcStack.Patience.UntilAsync(async () => (await _server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.State == RunState.Stopped);
        return run.RunId;
    }

    private async Task<byte[]> PostAsync(string json, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_server.WebUrl}/v1/simulations:simulate") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Accept.Add(new(accept));
        using var response = await _http.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, accept), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        return await response.Content.ReadAsByteArrayAsync();
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _server.WebUrl + path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return await _http.SendAsync(request);
    }
}
