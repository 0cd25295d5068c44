using Grpc.Core;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Client;

public sealed class RunSteeringTests
{
    private static readonly ReconnectOptions Eager = new() { InitialBackoff = TimeSpan.Zero };

    [Fact]
    public async Task SendAsync_Commands_AreAppliedInTurn()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Paused = true });
        using var steering = client.Runs.Steer(run.RunId);

        var outcomes = await Task.WhenAll(
            steering.SendAsync(Add(millivolts: 1)), steering.SendAsync(Add(millivolts: 2)), steering.SendAsync(new RunCommand { Pause = new Pause() }));

        Assert.Equal([1, 2, 2], outcomes.Select(outcome => outcome.Applied.Revision).Order());
        Assert.Equal(3, outcomes.Select(outcome => outcome.CommandId).Distinct().Count());
    }

    [Fact]
    public async Task SendAsync_AnswerLostAgainAndAgain_AppliesOnce()
    {
        await using var server = await TestServer.StartAsync();
        using var direct = Connect(server.Address);
        var run = await direct.Runs.CreateAsync(new CreateRunRequest { Paused = true });
        await using var relay = new Http2Relay(server.Address, connection => connection < 3 ? new Http2Cut(Http2Cut.Data, 0) : null);
        using var client = Connect(relay.Address);
        using var steering = client.Runs.Steer(run.RunId, Eager);

        var first = await steering.SendAsync(Add(millivolts: 5));
        var second = await steering.SendAsync(Add(millivolts: 5));

        Assert.Equal((1, true), (first.Applied.Revision, first.Applied.AlreadyApplied));
        Assert.Equal((2, false), (second.Applied.Revision, second.Applied.AlreadyApplied));
        Assert.Equal(4, relay.ConnectionCount);
        Assert.Equal(2, (await direct.Runs.GetAsync(run.RunId)).Revision);
    }

    [Fact]
    public async Task SendAsync_BadCommand_IsRefusedAndTheNextIsNot()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Paused = true });
        using var steering = client.Runs.Steer(run.RunId);

        var refused = await steering.SendAsync(Add(millivolts: 5000));
        var applied = await steering.SendAsync(Add(millivolts: 5));

        Assert.Equal((int)StatusCode.InvalidArgument, refused.Refused.Code);
        Assert.Contains("millivolts", refused.Refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, applied.Applied.Revision);
    }

    [Fact]
    public async Task SendAsync_UnknownRun_Throws()
    {
        await using var server = await TestServer.StartAsync();
        using var client = Connect(server.Address);
        using var steering = client.Runs.Steer(Guid.NewGuid().ToString("N"));

        for (var i = 0; i < 2; i++)
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => steering.SendAsync(Add(millivolts: 1)));
            Assert.Equal(StatusCode.NotFound, error.StatusCode);
        }
    }

    [Fact]
    public async Task SendAsync_StreamBrokenMeanwhile_OpensAnother()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Http2Relay(server.Address, _ => null);
        using var client = Connect(relay.Address);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Paused = true });
        using var steering = client.Runs.Steer(run.RunId, new ReconnectOptions { Patience = TimeSpan.Zero });

        for (var revision = 1; revision <= 3; revision++)
        {
            Assert.Equal(revision, (await steering.SendAsync(Add(millivolts: 1))).Applied.Revision);
            await relay.DropAsync();
        }
    }

    [Fact]
    public async Task SendAsync_HeartbeatsBetweenCommands_AreNoOutcomes()
    {
        await using var server = await TestServer.StartAsync("Runs:HeartbeatInterval=00:00:00.100");
        using var client = Connect(server.Address);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Paused = true });
        using var steering = client.Runs.Steer(run.RunId, new ReconnectOptions { Patience = TimeSpan.Zero });

        for (var revision = 1; revision <= 3; revision++)
        {
            Assert.Equal(revision, (await steering.SendAsync(Add(millivolts: 1))).Applied.Revision);

            // A stream that was opened now has had three: so has the other.
            using var later = server.Runs.SteerRun();
            for (var i = 0; i < 3; i++)
            {
                Assert.True(await later.ResponseStream.MoveNext(CancellationToken.None).Within());
            }
        }
    }

    private static MfnClient Connect(Uri address) => new(new MfnClientOptions { Address = address });

    private static RunCommand Add(double millivolts) =>
        new() { AddPotential = new AddPotential { Region = new Region { Rows = 1, Columns = 1 }, Millivolts = millivolts } };
}
