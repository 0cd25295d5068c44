using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Client;

public sealed class RunClientTests
{
    [Fact]
    public async Task CreateGetListDelete_Runs_AreThoseOfTheServer()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await client.Runs.CreateAsync(new CreateRunRequest { Paused = i == 1 })).RunId);
        }

        Assert.Equal(Enumerable.Reverse(ids), await IdsAsync(client, RunState.Unspecified));
        Assert.Equal([ids[1]], await IdsAsync(client, RunState.Paused));
        Assert.Equal((ids[1], RunState.Paused), ((await client.Runs.GetAsync(ids[1])).RunId, (await client.Runs.GetAsync(ids[1])).State));
        Assert.Equal(ids[1], (await client.Runs.DeleteAsync(ids[1])).RunId);
        Assert.Equal([ids[2], ids[0]], await IdsAsync(client, RunState.Unspecified));
        var error = await Assert.ThrowsAsync<RpcException>(() => client.Runs.GetAsync(ids[1]));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task CreateForkImport_AnswerLost_LeaveOneRunEach()
    {
        await using var server = await TestServer.StartAsync();
        using var direct = Connect(server.Address);
        var parent = await direct.Runs.CreateAsync(new CreateRunRequest { Paused = true });
        using var checkpoint = new MemoryStream();
        await direct.Runs.ExportAsync(new ExportRunRequest { RunId = parent.RunId }, checkpoint);
        checkpoint.Position = 0;
        await using var relay = new Http2Relay(server.Address, _ => Http2Cut.BeforeAnswer);
        using var client = Connect(relay.Address);

        Func<Task>[] calls =
        [
            () => client.Runs.CreateAsync(new CreateRunRequest { Paused = true }),
            () => client.Runs.ForkAsync(new ForkRunRequest { RunId = parent.RunId, Paused = true }),
            () => client.Runs.ImportAsync(new ImportRunStart { Paused = true }, checkpoint),
        ];
        foreach (var (i, call) in calls.Index())
        {
            var error = await Assert.ThrowsAsync<RpcException>(call);
            Assert.NotNull(error.Status.DebugException);
            Assert.Equal(i + 1, relay.ConnectionCount);
            Assert.Equal(i + 2, (await IdsAsync(direct, RunState.Unspecified)).Count);
        }
    }

    [Fact]
    public async Task GetAsync_AnswerLost_AsksAgain()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Http2Relay(server.Address, connection => connection == 0 ? null : connection == 1 ? Http2Cut.BeforeAnswer : null);
        using var first = Connect(relay.Address);
        var run = await first.Runs.CreateAsync(new CreateRunRequest { Paused = true });
        using var second = Connect(relay.Address);

        Assert.Equal(run.RunId, (await second.Runs.GetAsync(run.RunId)).RunId);
        Assert.Equal(3, relay.ConnectionCount);
    }

    [Fact]
    public async Task ExportImport_State_GoesOnAsTheRunDoes()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 256, Steps = 20, JitterEnabled = true } });
        var request = new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Float64 };
        var expected = (await FieldsAsync(client, request)).Skip(10);
        using var checkpoint = new MemoryStream();

        var length = await client.Runs.ExportAsync(new ExportRunRequest { RunId = run.RunId, Step = 10 }, checkpoint);
        checkpoint.Position = 0;
        var imported = await client.Runs.ImportAsync(new ImportRunStart { Stop = new StopCondition { AfterStep = 20 } }, checkpoint);

        // More than the potential in doubles, so that it took several messages.
        Assert.InRange(length, 256 * 256 * 8, long.MaxValue);
        Assert.Equal(checkpoint.Length, length);
        Assert.Equal(expected, await FieldsAsync(client, new WatchRunRequest(request) { RunId = imported.RunId, FromStep = 10 }));
    }

    [Fact]
    public async Task ImportAsync_NoCheckpoint_SaysWhy()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        using var source = new MemoryStream(new byte[32 * 1024 * 1024]);

        var error = await Assert.ThrowsAsync<RpcException>(() => client.Runs.ImportAsync(new ImportRunStart(), source));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    private static MfnClient Connect(Uri address) => new(new MfnClientOptions { Address = address });

    private static async Task<List<string>> IdsAsync(MfnClient client, RunState state)
    {
        var ids = new List<string>();
        await foreach (var run in client.Runs.ListAsync(state))
        {
            ids.Add(run.RunId);
        }

        return ids;
    }

    private static async Task<List<(long Step, ByteString Values)>> FieldsAsync(MfnClient client, WatchRunRequest request)
    {
        var fields = new List<(long, ByteString)>();
        await foreach (var told in client.Runs.WatchAsync(request))
        {
            if (told is Mfn.Client.Runs.FrameEvent frame)
            {
                fields.Add((frame.Position.Step, frame.Field!.Values));
            }
        }

        return fields;
    }
}
