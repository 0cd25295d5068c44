using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Mfn.Client.Npy;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Web;

/// <summary>Files over HTTP to the methods that take many messages: the answers that gRPC gives to the same cells.</summary>
public sealed class UploadTests : IAsyncLifetime
{
    private const string Npy = "application/x-npy";

    private readonly HttpClient _http = new();
    private TestServer _server = null!;

    // A message is smaller than any of these files.
    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("Web:Url=http://127.0.0.1:0", "Limits:MaxRequestBytes=65536");

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Dimension_IsThatOfGrpc()
    {
        var cells = Cells(128 * 128);
        using var call = _server.Fractals.ComputeBoxCountingDimensionStream();
        await call.RequestStream.WriteAsync(new ComputeBoxCountingDimensionStreamRequest
        {
            Start = new ComputeBoxCountingDimensionRequest { Field = new Field { Rows = 128, Columns = 128, Encoding = FieldEncoding.Float64 } },
        });
        foreach (var part in Bytes(cells).Chunk(32768))
        {
            await call.RequestStream.WriteAsync(new ComputeBoxCountingDimensionStreamRequest { Values = ByteString.CopyFrom(part) });
        }

        await call.RequestStream.CompleteAsync();

        var (status, body) = await PostAsync("/v1/fractals:computeBoxCountingDimensionStream", File(cells, 128, 128));

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(await call.ResponseAsync, JsonParser.Default.Parse<ComputeBoxCountingDimensionStreamResponse>(body));
    }

    [Fact]
    public async Task FeaturesAndStability_AreThoseOfGrpc()
    {
        var cells = Cells(6 * 16 * 16);
        var frames = Bytes(cells).Chunk(16 * 16 * 8).Select(bytes => new Field { Rows = 16, Columns = 16, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(bytes) }).ToList();
        var features = await _server.Features.ExtractFeaturesAsync(new ExtractFeaturesRequest { Frames = { frames }, Options = new FeatureOptions { DefinitionVersion = "5.0" } });
        var stability = await _server.Fractals.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityRequest { Frames = { frames }, TimeStep = 0.5 });

        var (_, lines) = await PostAsync("/v1/features:stream?start.every_n_frames=4&start.options.definition_version=5.0", File(cells, 6, 16, 16));
        var (_, body) = await PostAsync("/v1/fractals:computeHistoryStabilityStream?start.time_step=0.5", File(cells, 6, 16, 16));

        var answers = lines.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.EnumerateObject().Single()).ToList();
        Assert.Equal(["result", "result", "end"], answers.Select(answer => answer.Name));
        var vectors = answers[..2].Select(answer => JsonParser.Default.Parse<StreamFeaturesResponse>(answer.Value.GetRawText())).ToList();
        Assert.Equal([4, 6], vectors.Select(vector => vector.FrameCount));
        Assert.Equal(features.Features, vectors[1].Features);
        Assert.Equal(stability, JsonParser.Default.Parse<ComputeHistoryStabilityStreamResponse>(body).Stability);
    }

    [Fact]
    public async Task Run_BeginsWithTheField()
    {
        var cells = Cells(128 * 128);

        var (status, body) = await PostAsync("/v1/runs:createStream?start.spec.grid_size=128&start.paused=true&start.name=uploaded", File(cells, 128, 128));

        Assert.Equal(HttpStatusCode.OK, status);
        var run = JsonParser.Default.Parse<CreateRunStreamResponse>(body).Run;
        Assert.Equal("uploaded", run.Name);
        Assert.Equal(Bytes(cells), await FieldOfAsync(run.RunId));
    }

    [Fact]
    public async Task Import_IsTheRunThatWasExported()
    {
        var run = (await _server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 32, Steps = 7 } })).Run;
        await GrpcStack.Patience.UntilAsync(async () => (await _server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.State == RunState.Stopped);
        var file = await _http.GetByteArrayAsync(new Uri($"{_server.WebUrl}/v1/runs/{run.RunId}/export"));

        var (status, body) = await PostAsync("/v1/runs:import?start.paused=true", file, "application/octet-stream");
        var (damaged, reason) = await PostAsync("/v1/runs:import", file[..^1], "application/octet-stream");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.BadRequest), (status, damaged));
        Assert.Contains("checkpoint", reason, StringComparison.OrdinalIgnoreCase);
        var imported = JsonParser.Default.Parse<ImportRunResponse>(body).Run;
        Assert.Equal(7, imported.Step);
        Assert.Equal(await FieldOfAsync(run.RunId), await FieldOfAsync(imported.RunId));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public async Task Aggregate_IsThatOfGrpc(int cellBytes)
    {
        var cells = Cells(11 * 1000);
        var bytes = cellBytes == 8 ? Bytes(cells) : MemoryMarshal.AsBytes<float>(cells.Select(cell => (float)cell).ToArray()).ToArray();
        var expected = await AggregateAsync(bytes, cellBytes);
        var header = NpyFile.Header(cellBytes, 11, 1000);

        var (_, lines) = await PostAsync("/v1/aggregations:stream?spec.byzantine_count=2&spec.rule.multi_krum=", [.. header, .. bytes]);

        var answers = lines.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.EnumerateObject().Single()).ToList();
        Assert.Equal("end", answers[^1].Name);
        var messages = answers[..^1].Select(answer => JsonParser.Default.Parse<AggregateStreamResponse>(answer.Value.GetRawText())).ToList();
        Assert.Equal(expected.Decision, messages[0].Decision);
        Assert.Equal(expected.Values, ByteString.CopyFrom([.. messages.Skip(1).SelectMany(message => message.Chunk.Values)]));
    }

    public static TheoryData<string, byte[], string> Wrong => new()
    {
        { "not an array", Encoding.ASCII.GetBytes("not an array of numbers"), "must be an array in the NPY format, but does not begin as one does" },
        { "nothing", [], "ends within its header" },
        { "half a header", File(Cells(64), 8, 8)[..40], "ends within its header" },
        { "half of it", File(Cells(64), 8, 8)[..^100], "must have 512 bytes of cells, as its shape says, but ends after 412" },
        { "more", [.. File(Cells(64), 8, 8), 1], "must have 512 bytes of cells, as its shape says, but more follow" },
        { "a vector", File(Cells(64), 64), "must have 2 axes, but has the shape (64)" },
        { "integers", Replace(File(Cells(64), 8, 8), "<f8", "<i8"), "'<f4' or '<f8', but is of '<i8'" },
        { "big-endian", Replace(File(Cells(64), 8, 8), "<f8", ">f8"), "but is of '>f8'" },
        { "Fortran's order", Replace(File(Cells(64), 8, 8), "False", "True "), "in C order, but is in Fortran's" },
        { "a shape beyond everything", Replace(File(Cells(64), 8, 8), "(8, 8)", "(99999999999, 8)"), "extents of at most 2147483647" },
        { "version 9", Replace(File(Cells(64), 8, 8), "NUMPY\u0001", "NUMPY\u0009"), "but is of version 9.0" },
        { "a field too large", File(Cells(64), 4097, 1), "field.rows" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task File_ThatIsNone_IsRefusedWithTheReason(string what, byte[] file, string reason)
    {
        var (status, body) = await PostAsync("/v1/fractals:computeBoxCountingDimensionStream", file);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.True(JsonDocument.Parse(body).RootElement.GetProperty("message").GetString()!.Contains(reason, StringComparison.Ordinal), $"{what}: {body}");
        await GrpcStack.Patience.UntilAsync(() => _server.OpenCalls.Count == 0);
    }

    [Fact]
    public async Task File_OfAnotherKind_IsUnsupported()
    {
        var file = File(Cells(64), 8, 8);

        var (json, _) = await PostAsync("/v1/fractals:computeBoxCountingDimensionStream", file, "application/json");
        var (npy, _) = await PostAsync("/v1/simulations:simulate", file);
        var (unknown, body) = await PostAsync("/v1/fractals:computeBoxCountingDimensionStream?start.treshold=1", file);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, HttpStatusCode.UnsupportedMediaType, HttpStatusCode.BadRequest), (json, npy, unknown));
        Assert.Contains("treshold", body, StringComparison.Ordinal);
    }

    private static double[] Cells(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() * 0.1) - 0.07)];
    }

    private static byte[] Bytes(double[] cells) => MemoryMarshal.AsBytes<double>(cells).ToArray();

    private static byte[] File(double[] cells, params int[] shape) => [.. NpyFile.Header(sizeof(double), shape), .. Bytes(cells)];

    private static byte[] Replace(byte[] file, string old, string text) =>
        [.. Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(file[..128]).Replace(old + new string(' ', text.Length - old.Length), text, StringComparison.Ordinal).Replace(old, text, StringComparison.Ordinal))[..128], .. file[128..]];

    private static async Task<AggregateResponse> AggregateAsync(byte[] bytes, int cellBytes)
    {
        var request = new AggregateRequest
        {
            Spec = new AggregationSpec
            {
                Length = 1000,
                ByzantineCount = 2,
                Rule = new AggregationRule { MultiKrum = new MultiKrumRule() },
                Encoding = cellBytes == 8 ? VectorEncoding.Float64 : VectorEncoding.Float32,
            },
            Updates = { bytes.Chunk(1000 * cellBytes).Select((row, i) => new ClientUpdate { ClientId = $"{i:D2}", Values = ByteString.CopyFrom(row) }) },
        };
        await using var roomy = await TestServer.StartAsync();
        return await roomy.Aggregation.AggregateAsync(request);
    }

    private async Task<byte[]> FieldOfAsync(string runId)
    {
        using var call = _server.Runs.WatchRun(new WatchRunRequest { RunId = runId, FieldEncoding = FieldEncoding.Float64 });
        Assert.True(await call.ResponseStream.MoveNext(default));
        return call.ResponseStream.Current.Snapshot.Field.Values.ToByteArray();
    }

    private async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, byte[] body, string type = Npy)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new(type);
        using var response = await _http.PostAsync(new Uri(_server.WebUrl + path), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
