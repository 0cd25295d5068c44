using System.Text.Json;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Audit;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Audit;

/// <summary>What servers write down of the calls that they serve and refuse.</summary>
public sealed class AuditLogTests : IDisposable
{
    private readonly AuditFolder _folder = new();
    private readonly KeyFile _keys = new();

    /// <summary>Each method is called as a stream of one message that nobody can read, so that nothing is done for those who are let in.</summary>
    [Fact]
    public async Task EachRpc_OfEachCaller_LeavesOneEventWithItsOutcome()
    {
        (string? Name, Metadata Headers)[] callers = [(null, []), ("viewer", Headers(Roles.Viewer, "viewer")), ("admin", Headers(Roles.Admin, "admin"))];
        var outcomes = new List<(string? Caller, string Rpc, string Code)>();
        var server = await TestServer.StartAsync(_folder.Setting, _keys.Setting);
        await using (server)
        {
            foreach (var (name, headers) in callers)
            {
                foreach (var method in PermissionTable.ByMethod.Keys)
                {
                    outcomes.Add((name, method[1..], AuditLine.NameOf(await OutcomeAsync(server, method, headers))));
                }
            }

            await server.StopAsync();
        }

        var told = _folder.Lines.Where(line => Event(line) is "call" or "calls" or "end").SelectMany(line => Enumerable.Repeat(
            (AuditFolder.Member(line, "identity"), AuditFolder.Member(line, "rpc")!, AuditFolder.Member(line, "code")!),
            Event(line) == "calls" ? line.GetProperty("count").GetInt32() : 1));
        Assert.Equal(outcomes.Order(), told.Order());
        Assert.All(
            _folder.Lines.Where(line => Event(line) == "call"), line => Assert.Equal(PermissionTable.ByMethod[$"/{AuditFolder.Member(line, "rpc")}"].Name, AuditFolder.Member(line, "permission")));
        Assert.Equal(["opened", "closed"], [Event(_folder.Lines[0]), Event(_folder.Lines[^1])]);
        Assert.Null(AuditVerification.OfLog(_folder.Path).Problem);
    }

    [Fact]
    public async Task Run_FromItsCreationToItsEnd_IsToldWithWhoDidIt()
    {
        var headers = Headers(Roles.Operator, "lab");
        headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        var (id, fork) = await LiveAsync(headers);

        string?[][] expected =
        [
            ["call", "CreateRun", $"runs/{id}", null, "first", null, "OK", null],
            ["call", "CreateRun", null, null, null, null, "ALREADY_EXISTS", "RUN_NAME_TAKEN"],
            ["call", "GetRun", $"runs/{new string('0', 32)}", null, null, null, "NOT_FOUND", "RUN_NOT_FOUND"],
            ["call", "ForkRun", $"runs/{id}", $"runs/{fork}", null, null, "OK", null],
            ["begin", "SteerRun", null, null, null, null, null, null],
            ["command", "SteerRun", $"runs/{id}", null, null, "take_steps", "OK", null],
            ["command", "SteerRun", $"runs/{id}", null, null, "take_steps", "INVALID_ARGUMENT", null],
            ["end", "SteerRun", $"runs/{id}", null, null, null, "OK", null],
            ["begin", "WatchRun", $"runs/{id}", null, null, null, null, null],
            ["end", "WatchRun", $"runs/{id}", null, null, null, "CANCELLED", null],
            ["call", "DeleteRun", $"runs/{id}", null, "first", null, "OK", null],
        ];
        var lines = _folder.Lines.Where(line => AuditFolder.Member(line, "rpc") is not null).ToArray();
        Assert.Equal(expected, lines.Select(line => new[]
        {
            Event(line), AuditFolder.Member(line, "rpc")!.Split('/')[1], AuditFolder.Member(line, "resource"), AuditFolder.Member(line, "created"),
            AuditFolder.Member(line, "resource_name"), AuditFolder.Member(line, "action"), AuditFolder.Member(line, "code"), AuditFolder.Member(line, "reason"),
        }));
        Assert.All(lines, line =>
        {
            Assert.Equal(["lab", "default", "api_key"], [AuditFolder.Member(line, "identity"), AuditFolder.Member(line, "tenant"), AuditFolder.Member(line, "credential")]);
            Assert.Equal(headers.GetValue("x-api-key")!.Split('_')[1], AuditFolder.Member(line, "credential_id"));
            Assert.Equal("0af7651916cd43dd8448eb211c80319c", AuditFolder.Member(line, "correlation_id"));
            Assert.StartsWith("127.0.0.1:", AuditFolder.Member(line, "peer"), StringComparison.Ordinal);
        });
        Assert.Equal(2, lines.Where(line => Event(line) != "call").Select(line => AuditFolder.Member(line, "call")).Distinct().Count());
        Assert.All(lines.Where(line => Event(line) is "call" or "end"), line => Assert.InRange(line.GetProperty("duration_ms").GetDouble(), 0, 60_000));
    }

    /// <summary>Whatever a caller sends, and wherever: what is secret is not in the log, nor is what it can choose freely.</summary>
    [Fact]
    public async Task Log_OfCallersWithSecretsEverywhere_HasNone()
    {
        const string Planted = "planted-b1946ac92492d2347c6235b4d2611184";
        var (good, bad) = (_keys.Add(Roles.Operator, name: "lab"), ApiKeyText.Create());
        var (revoked, token) = (_keys.Add(Roles.Operator, name: "lost", revoked: DateTimeOffset.UnixEpoch), $"eyJhbGciOiJub25lIn0.{Planted}.x");
        var server = await TestServer.StartAsync(_folder.Setting, _keys.Setting);
        await using (server)
        {
            foreach (var (header, value) in new[] { ("x-api-key", good), ("x-api-key", bad), ("x-api-key", revoked), ("authorization", $"Bearer {good}"), ("authorization", $"Bearer {token}"), ("authorization", $"Basic {Planted}") })
            {
                var headers = new Metadata { { header, value }, { "traceparent", $"00-{Planted}-01" }, { "x-request-id", good }, { "user-agent", Planted }, { "x-forwarded-for", Planted } };
                await FailAsync(server, headers, Planted, good);
            }

            await server.StopAsync();
        }

        var log = _folder.Text;
        Assert.Equal(6 * 7, _folder.Lines.Sum(line => Event(line) switch { "call" or "end" => 1, "calls" => line.GetProperty("count").GetInt32(), _ => 0 }));
        Assert.All(new[] { Planted, good.Split('_')[2], bad.Split('_')[2], revoked.Split('_')[2], "0.123456789", bad.Split('_')[1] }, secret => Assert.DoesNotContain(secret, log, StringComparison.Ordinal));

        // A key that was right once is told of, though the call was refused.
        Assert.Contains(_folder.Lines, line => AuditFolder.Member(line, "credential_id") == revoked.Split('_')[1] && AuditFolder.Member(line, "reason") == "CREDENTIAL_REVOKED");
    }

    [Fact]
    public async Task KeyFile_ThatChanges_IsToldOf()
    {
        var (kept, revoked, removed) = (_keys.Add(Roles.Viewer, name: "kept"), _keys.Add(Roles.Viewer, name: "revoked"), _keys.Add(Roles.Viewer, name: "removed"));
        await using var server = await TestServer.StartAsync(_folder.Setting, _keys.Setting);

        // One file, so that the server sees all of it at once.
        _keys.Change(revoked, key => key with { Revoked = DateTimeOffset.UnixEpoch });
        _keys.Change(removed, _ => null);
        _keys.Change(kept, key => key with { Expires = DateTimeOffset.UnixEpoch.AddYears(100) });
        var added = _keys.Add(Roles.Admin, "blue", "added");
        await _folder.WaitForAsync(line => AuditFolder.Member(line, "key_identity") == "removed");
        await _folder.WaitForAsync(line => AuditFolder.Member(line, "key_identity") == "added");
        await server.StopAsync();

        var lines = _folder.Lines.Where(line => Event(line) == "key").ToDictionary(line => AuditFolder.Member(line, "resource")!);
        Assert.Equal("changed", AuditFolder.Member(lines[$"keys/{kept.Split('_')[1]}"], "action"));
        Assert.Equal("2070-01-01T00:00:00.000000Z", AuditFolder.Member(lines[$"keys/{kept.Split('_')[1]}"], "key_expires"));
        Assert.Equal("revoked", AuditFolder.Member(lines[$"keys/{revoked.Split('_')[1]}"], "action"));
        Assert.Equal("removed", AuditFolder.Member(lines[$"keys/{removed.Split('_')[1]}"], "action"));
        var made = lines[$"keys/{added.Split('_')[1]}"];
        Assert.Equal(["created", "blue", "[\"admin\"]"], [AuditFolder.Member(made, "action"), AuditFolder.Member(made, "key_tenant"), AuditFolder.Member(made, "key_roles")]);
    }

    /// <summary>A flood of refused calls costs the log a few lines, and none is forgotten.</summary>
    [Fact]
    public async Task Flood_OfRefusedCalls_IsCounted()
    {
        const int Count = 2000;
        var server = await TestServer.StartAsync(_folder.Setting, _keys.Setting);
        await using (server)
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (_, _) =>
                await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.ListRunsAsync(new ListRunsRequest())));
            await server.StopAsync();
        }

        var lines = _folder.Lines.Where(line => AuditFolder.Member(line, "code") == "UNAUTHENTICATED").ToArray();

        // It may last more than a minute.
        Assert.InRange(lines.Length, 2, 3 * (AlikeCalls.MostOfStrangers + 1));
        Assert.Equal(Count, lines.Sum(line => Event(line) == "calls" ? line.GetProperty("count").GetInt32() : 1));
    }

    [Fact]
    public async Task Files_ThatAreRotatedUnderLoad_HaveEveryCall()
    {
        const int Count = 1500;
        var headers = Headers(Roles.Viewer, "lab");
        var server = await TestServer.StartAsync(_folder.Setting, _keys.Setting, "Audit:MaxFileBytes=65536", "Audit:MaxFiles=32");
        await using (server)
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 20 }, async (_, token) => await server.Runs.ListRunsAsync(new ListRunsRequest(), headers, cancellationToken: token));

            // While the server writes.
            Assert.Null(AuditVerification.OfLog(_folder.Path).Problem);
            await server.StopAsync();
        }

        Assert.InRange(_folder.Files.Count, 5, 31);
        Assert.All(_folder.Files, file => Assert.InRange(new FileInfo(file).Length, 1, 65536 + (32 * 1024)));
        Assert.Equal(Count, _folder.Lines.Count(line => Event(line) == "call"));
        Assert.Equal(Count, _folder.Lines.Where(line => Event(line) == "call").Select(line => AuditFolder.Member(line, "call")).Distinct().Count());
        Assert.Null(AuditVerification.OfLog(_folder.Path).Problem);
    }

    [Fact]
    public async Task Log_ThatSomebodyMovesAway_GoesOnInAnotherFile()
    {
        var server = await TestServer.StartAsync(_folder.Setting, _keys.Setting);
        await using (server)
        {
            var moved = _folder.Path + ".moved";
            File.Move(_folder.Path, moved);
            await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.ListRunsAsync(new ListRunsRequest()));
            await _folder.WaitForAsync(_ => true);

            await server.StopAsync();
            var verification = AuditVerification.OfFiles([moved, _folder.Path]);
            Assert.Null(verification.Problem);
            Assert.Equal("closed", Event(_folder.Lines[^1]));
            Assert.Contains(_folder.Lines, line => Event(line) == "resumed" && line.GetProperty("lost").GetInt64() == 0);
        }
    }

    [Fact]
    public async Task Server_WhoseLogAnotherHas_DoesNotStart()
    {
        await using var server = await TestServer.StartAsync(_folder.Setting);

        var error = await Assert.ThrowsAsync<IOException>(() => TestServer.StartAsync(_folder.Setting));

        Assert.Contains("another server writes it", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _keys.Dispose();
    }

    /// <summary>A run that is created, looked for, forked, steered, watched and deleted.</summary>
    private async Task<(string Id, string Fork)> LiveAsync(Metadata headers)
    {
        await using var server = await TestServer.StartAsync(_folder.Setting, _keys.Setting);
        var spec = new SimulationSpec { GridSize = 8 };
        var id = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = spec, Paused = true, Name = "first", Stop = new StopCondition { Never = true } }, headers)).Run.RunId;
        await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = spec, Name = "first" }, headers));
        await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.GetRunAsync(new GetRunRequest { RunId = new string('0', 32) }, headers));
        var fork = (await server.Runs.ForkRunAsync(new ForkRunRequest { RunId = id, Paused = true }, headers)).Run.RunId;
        await SteerAsync(server, id, headers);
        using (var watch = server.Runs.WatchRun(new WatchRunRequest { RunId = id }, headers))
        {
            Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).Within());
        }

        await _folder.WaitForAsync(line => Event(line) == "end" && AuditFolder.Member(line, "code") == "CANCELLED");
        await server.Runs.DeleteRunAsync(new DeleteRunRequest { RunId = id }, headers);
        await server.StopAsync();
        return (id, fork);
    }

    private static async Task SteerAsync(TestServer server, string id, Metadata headers)
    {
        using var steering = server.Runs.SteerRun(headers);
        foreach (var command in new RunCommand[] { new() { CommandId = "a", TakeSteps = new TakeSteps { Steps = 2 } }, new() { CommandId = "b", TakeSteps = new TakeSteps() } })
        {
            await steering.RequestStream.WriteAsync(new SteerRunRequest { RunId = id, Command = command });
            Assert.True(await steering.ResponseStream.MoveNext(CancellationToken.None).Within());
        }

        await steering.RequestStream.CompleteAsync();
        Assert.False(await steering.ResponseStream.MoveNext(CancellationToken.None).Within());
    }

    /// <summary>Seven calls, all of which fail, with texts wherever a caller has room for some.</summary>
    private static async Task FailAsync(TestServer server, Metadata headers, string planted, string secret)
    {
        foreach (var text in new[] { planted, secret })
        {
            await TryAsync(async () => await server.Runs.GetRunAsync(new GetRunRequest { RunId = text }, headers));
            await TryAsync(async () => await server.Runs.CreateRunAsync(new CreateRunRequest { Name = text, Spec = new SimulationSpec { GridSize = 1, Alpha = 0.123456789 } }, headers));
            await TryAsync(async () =>
            {
                using var steering = server.Runs.SteerRun(headers);
                await steering.RequestStream.WriteAsync(new SteerRunRequest { RunId = text, Command = new RunCommand { CommandId = text } });
                await steering.ResponseStream.MoveNext(CancellationToken.None).Within();
            });
        }

        await TryAsync(async () =>
        {
            var marshaller = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
            await server.Channel.CreateCallInvoker().AsyncUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, planted, secret, marshaller, marshaller), host: null, new CallOptions(headers), []);
        });

        static async Task TryAsync(Func<Task> call) => await Assert.ThrowsAnyAsync<Exception>(call);
    }

    private static string Event(JsonElement line) => AuditFolder.Member(line, "event")!;

    private static async Task<StatusCode> OutcomeAsync(TestServer server, string fullName, Metadata headers)
    {
        var parts = fullName.Split('/');
        var marshaller = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
        using var call = server.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            new Method<byte[], byte[]>(MethodType.DuplexStreaming, parts[1], parts[2], marshaller, marshaller), host: null, new CallOptions(headers));
        try
        {
            await call.RequestStream.WriteAsync([0xFF]);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException or IOException)
        {
            // It has been refused already.
        }

        return (await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
            }
        })).StatusCode;
    }

    private Metadata Headers(Roles roles, string name) => new() { { "x-api-key", _keys.Add(roles, name: name) } };
}
