using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Observability;
using Mfn.Server.Tests.Audit;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;
using Mfn.Server.Tests.Observability;

namespace Mfn.Server.Tests.Logging;

/// <summary>By one id a call is found in the log, in the audit log, in its span and in its answer, whatever kind of call it is.</summary>
[Collection(TelemetryTests.Name)]
public sealed class CorrelationTests : IDisposable
{
    private const string Header = "x-correlation-id";
    private const string HttpSpans = "Microsoft.AspNetCore";

    private readonly AuditFolder _audit = new();
    private readonly KeyFile _keys = new();
    private readonly JsonLog _log = new();
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ActivityListener _listener;
    private readonly string _operator;
    private readonly string _viewer;

    public CorrelationTests()
    {
        _operator = _keys.Add(Roles.Operator, "blue", "lab");
        _viewer = _keys.Add(Roles.Viewer, "blue", "other");
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is HttpSpans or Spans.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    public async Task UnaryCall_IsFoundByItsId()
    {
        var id = NewId();
        await using var server = await StartAsync();
        var run = await CreateRunAsync(server);

        using var call = server.Runs.GetRunAsync(new GetRunRequest { RunId = run }, Headers(id));
        await call;

        Assert.Equal(id, (await call.ResponseHeadersAsync).GetValue(Header));
        await RequireFoundAsync(id, "call", "CallEnded");
        var line = _log.LinesOf(id)[^1];
        Assert.Equal(["lab", "blue", "mfn.v1.RunService/GetRun", run], [.. new[] { "identity", "tenant", "rpc", "run_id" }.Select(name => JsonLog.Member(line, name))]);
        Assert.Equal(("1001", "OK"), (JsonLog.Member(line, "event_id"), JsonLog.Field(line, "StatusCode")));
        Assert.Equal(Span(id).TraceId.ToHexString(), JsonLog.Member(line, "trace_id"));
        Assert.Equal(Span(id).SpanId.ToHexString(), JsonLog.Member(line, "span_id"));
    }

    [Fact]
    public async Task RefusedCalls_AreFoundByTheirIds_WithAllThatIsWrong()
    {
        var (wrong, stranger) = (NewId(), NewId());
        await using var server = await StartAsync();

        var bad = await Assert.ThrowsAsync<RpcException>(() => server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 3, Steps = -1 } }, Headers(wrong)).ResponseAsync);
        var unknown = await Assert.ThrowsAsync<RpcException>(() => server.Runs.ListRunsAsync(new ListRunsRequest(), new Metadata { { Header, stranger } }).ResponseAsync);

        Assert.Equal((StatusCode.InvalidArgument, wrong), (bad.StatusCode, bad.GetCorrelationId()));
        Assert.Equal((StatusCode.Unauthenticated, stranger), (unknown.StatusCode, unknown.GetCorrelationId()));
        await RequireFoundAsync(wrong, "call", "CallRefused", "CallEnded");
        await RequireFoundAsync(stranger, "call", "CallRefused", "CallEnded");
        Assert.Contains("spec.grid_size", JsonLog.Field(_log.LinesOf(wrong)[0], "Reason"), StringComparison.Ordinal);
        Assert.Contains("spec.steps", JsonLog.Field(_log.LinesOf(wrong)[0], "Reason"), StringComparison.Ordinal);
        Assert.Null(JsonLog.Member(_log.LinesOf(stranger)[0], "identity"));
    }

    /// <summary>The lines of a stream from its beginning to its end have its id, and what another call creates meanwhile has not.</summary>
    [Fact]
    public async Task WatchOfARunThatIsDeleted_IsFoundByItsId()
    {
        var (watch, delete, create) = (NewId(), NewId(), NewId());
        await using var server = await StartAsync();
        var run = await CreateRunAsync(server, create);

        using (var call = server.Runs.WatchRun(new WatchRunRequest { RunId = run }, Headers(watch)))
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
            Assert.Equal(watch, (await call.ResponseHeadersAsync).GetValue(Header));
            await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = run }, Headers(delete));
            while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
            }
        }

        await RequireFoundAsync(watch, "end", "StreamBegun", "CallEnded");
        await RequireFoundAsync(delete, "call", "RunDeleted", "CallEnded");
        await RequireFoundAsync(create, "call", "RunStarted", "CallEnded");
        Assert.All(_log.LinesOf(watch), line => Assert.Equal(run, JsonLog.Member(line, "run_id")));
        Assert.All(_log.LinesOf(delete), line => Assert.Equal(run, JsonLog.Member(line, "run_id")));
        Assert.Equal(run, JsonLog.Member(_log.LinesOf(create)[^1], "run_id"));

        // What is sent of it while it lives.
        Assert.Superset(new HashSet<string> { "watch.subscribe", "watch.end" }, SpansOf(watch).Select(span => span.OperationName).ToHashSet());
    }

    /// <summary>Of an answer that has begun the headers have gone by, and the trailers tell the id.</summary>
    [Fact]
    public async Task StreamThatFailsLate_TellsItsIdInTheTrailers()
    {
        var id = NewId();
        await using var server = await StartAsync();
        var run = await CreateRunAsync(server);
        using var call = server.Runs.WatchRun(new WatchRunRequest { RunId = run }, Headers(id));
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());

        _keys.Revoke(_operator);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
            }
        });

        Assert.Equal((StatusCode.Unauthenticated, id), (error.StatusCode, error.GetCorrelationId()));
        await RequireFoundAsync(id, "end", "StreamBegun", "CallRefused", "CallEnded");
    }

    [Theory]
    [InlineData("a", null, null, "a")]
    [InlineData("A1-b_2.c:3", "other", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "A1-b_2.c:3")]
    [InlineData(null, "request-1", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "request-1")]
    [InlineData("no good", "request-2", null, "request-2")]
    [InlineData(null, null, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0af7651916cd43dd8448eb211c80319c")]
    [InlineData("012345678901234567890123456789012345678901234567", null, null, "012345678901234567890123456789012345678901234567")]
    [InlineData("0123456789012345678901234567890123456789012345678", null, null, null)]
    [InlineData("<script>", "\"quoted\"", null, null)]
    [InlineData("mfn_0123456789ab_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", null, null)]
    public async Task Id_IsTheCallersIfItHasTheForm(string? correlation, string? request, string? trace, string? expected)
    {
        await using var server = await TestServer.StartAsync();
        var headers = new Metadata();
        foreach (var (name, value) in new[] { (Header, correlation), ("x-request-id", request), ("traceparent", trace) })
        {
            if (value is not null)
            {
                headers.Add(name, value);
            }
        }

        using var call = server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14, TemperatureKelvin = 310 }, headers);
        await call;

        var given = (await call.ResponseHeadersAsync).GetValue(Header);
        if (expected is not null)
        {
            Assert.Equal(expected, given);
        }
        else
        {
            Assert.Matches("^[0-9a-f]{32}$", given);
        }
    }

    [Fact]
    public async Task TwoIds_AreNone()
    {
        await using var server = await TestServer.StartAsync();

        using var call = server.Health.CheckAsync(new Grpc.Health.V1.HealthCheckRequest(), new Metadata { { Header, "one" }, { Header, "two" } });
        await call;

        Assert.Matches("^[0-9a-f]{32}$", (await call.ResponseHeadersAsync).GetValue(Header));
    }

    [Fact]
    public async Task Client_WithAnId_SendsItWithEachCall()
    {
        var id = NewId();
        await using var server = await StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address, ApiKey = _operator, CorrelationId = id });

        await client.DescribeFeaturesAsync();
        var error = await Assert.ThrowsAsync<RpcException>(() => client.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 1 } }));

        Assert.Equal(id, error.GetCorrelationId());
        await RequireFoundAsync(id, "call", "CallEnded", "CallRefused", "CallEnded");
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("0123456789012345678901234567890123456789012345678")]
    public void Client_WithAnIdThatServersPassOver_IsNotMade(string id)
    {
        var error = Assert.Throws<ArgumentException>(() => new MfnClient(new MfnClientOptions { Address = new Uri("http://127.0.0.1:1"), CorrelationId = id }));

        Assert.StartsWith("CorrelationId must be 1 to 48 letters, digits, '-', '_', '.' and ':', but was '" + id, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_IsFoundByTheIdThatItTells()
    {
        await using var server = await StartAsync();
        var run = await CreateRunAsync(server);
        string[] where = ["--server", server.Address.ToString(), "--key", _viewer];

        var (code, _, verbose) = await InProcess.RunAsync(["run", "get", run, "-v", .. where]);
        var (refusedCode, _, refused) = await InProcess.RunAsync(["run", "delete", run, .. where]);

        var told = verbose.Split('\n').Single(line => line.StartsWith("mfn: correlation id ", StringComparison.Ordinal))["mfn: correlation id ".Length..];
        const string Beginning = "mfn: The server's logs have it under the correlation id ";
        var toldOfError = refused.Split('\n').Single(line => line.StartsWith(Beginning, StringComparison.Ordinal))[Beginning.Length..].TrimEnd('.');
        Assert.Equal((0, 1), (code, refusedCode));
        Assert.Matches("^mfn-[0-9a-f]{32}$", told);
        await RequireFoundAsync(told, "call", "CallEnded");
        await RequireFoundAsync(toldOfError, "call", "CallRefused", "CallEnded");
        Assert.NotEqual(told, toldOfError);
    }

    /// <summary>The real server's standard error: lines of JSON, whatever callers send.</summary>
    [Fact]
    public async Task Process_WithJson_WritesNothingElse()
    {
        const string Odd = "a\n\"b\"\\\r\t\u2028\u202e{Reason}";
        var file = Path.GetTempFileName();
        using var process = MfnProcess.StartWithError(file, "serve", "--urls", "http://127.0.0.1:0", "--set", "Logging:Format=json", "--set", "Logging:Requests=mfn.v1.RunService", "--set", $"{_audit.Setting}");
        var address = (await process.Output.ReadLineAsync().Within())!["Listening on ".Length..];
        using (var client = new MfnClient(new MfnClientOptions { Address = new Uri(address), CorrelationId = "the-one" }))
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => client.Runs.GetAsync(Odd));
            Assert.Equal("the-one", error.GetCorrelationId());
        }

        process.Terminate();
        Assert.Equal(0, await process.ExitCodeAsync());

        var lines = (await File.ReadAllTextAsync(file)).Split('\n')[..^1].Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        File.Delete(file);
        Assert.All(lines, line => Assert.All(new[] { "time", "level", "event_id", "category", "message" }, name => Assert.True(line.TryGetProperty(name, out _), $"{name}: {line}")));
        var refused = Assert.Single(lines, line => JsonLog.Member(line, "event") == "CallRefused");
        Assert.Equal(("the-one", "mfn.v1.RunService/GetRun", "anonymous"), (JsonLog.Member(refused, "correlation_id"), JsonLog.Member(refused, "rpc"), JsonLog.Member(refused, "identity")));
        Assert.Matches("^[0-9a-f]{32}$", JsonLog.Member(refused, "trace_id"));
        Assert.Equal("the-one", AuditFolder.Member(Assert.Single(_audit.Lines, line => AuditFolder.Member(line, "rpc") is not null), "correlation_id"));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _audit.Dispose();
        _keys.Dispose();
        _log.Dispose();
    }

    private Task<TestServer> StartAsync(params string[] settings) => _log.StartServerAsync([_audit.Setting, _keys.Setting, "Logging:Requests=all", .. settings]);

    private static string NewId() => $"test-{Guid.NewGuid():N}";

    private Metadata Headers(string id) => new() { { Header, id }, { "x-api-key", _operator } };

    private async Task<string> CreateRunAsync(TestServer server, string? id = null) =>
        (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 1000 }, Paused = true }, Headers(id ?? NewId()))).Run.RunId;

    private Activity Span(string id) => SpansOf(id).Single(span => span.Kind == ActivityKind.Server);

    private IEnumerable<Activity> SpansOf(string id) => _spans.Where(span => (string?)span.GetTagItem("mfn.correlation_id") == id);

    // The last line of a call is logged, and its event written, when its caller has its answer already.
    private async Task RequireFoundAsync(string id, string lastEvent, params string[] events)
    {
        await Patience.UntilAsync(() => _log.EventsOf(id).Count >= events.Length, () => $"{id}: {string.Join(", ", _log.EventsOf(id))}");
        Assert.Equal(events, _log.EventsOf(id));
        await _audit.WaitForAsync(line => AuditFolder.Member(line, "correlation_id") == id && AuditFolder.Member(line, "event") == lastEvent);
        await Patience.UntilAsync(() => SpansOf(id).Any(span => span.Kind == ActivityKind.Server));
    }
}
