using System.Globalization;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Pricing;

namespace Mfn.Server.Tests.Pricing;

/// <summary>What answers say of their price, and which calls are refused for their deadline.</summary>
public sealed class CallPricesTests
{
    // Two minutes by any machine's measure, and more than a thousand times the deadline.
    private static readonly SimulationSpec Endless = new() { GridSize = 1024, Steps = 10_000, JitterEnabled = true };

    /// <summary>What is measured when a call has ended is asked for nothing that ended with it.</summary>
    [Fact]
    public async Task Call_WithADeadlineThatIsKept_LeavesNoFaultInTheLog()
    {
        using var log = new ServerLog();
        await using var server = await log.StartServerAsync();

        await server.Simulation.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 64, Steps = 100 } }, deadline: DateTime.UtcNow.AddMinutes(5));
        await server.StopAsync();

        Assert.Empty(log.Faults);
    }

    [Fact]
    public async Task UnaryCalls_StateTheirPrice()
    {
        await using var server = await TestServer.StartAsync();
        var spec = new SimulationSpec { GridSize = 32, Steps = 10 };
        var field = new Field { Rows = 16, Columns = 16, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[16 * 16 * 8]) };

        Assert.Equal(32 * 32 * 10, await PriceOfAsync(server.Simulation.SimulateAsync(new SimulateRequest { Spec = spec })));
        Assert.Equal(
            (32 * 32 * 10) + (32 * 32 * (10 + 8)) + (32 * 32) + (32 * 32 * 9),
            await PriceOfAsync(server.Simulation.SimulateAsync(
                new SimulateRequest { Spec = spec, Features = new FeatureOptions(), FractalDimension = true, FieldEncoding = FieldEncoding.Float64 })));
        Assert.Equal(1000, await PriceOfAsync(server.Simulation.ExplainAsync(new ExplainRequest())));
        Assert.Equal((16 * 16 * 2 * 2) + (16 * 16 * 8), await PriceOfAsync(server.Features.ExtractFeaturesAsync(new ExtractFeaturesRequest { Frames = { field, field } })));
        Assert.Equal(16 * 16 * 2, await PriceOfAsync(server.Fractals.ComputeBoxCountingDimensionAsync(new ComputeBoxCountingDimensionRequest { Field = field })));
        Assert.Equal(16 * 16 * 5 * 2, await PriceOfAsync(server.Fractals.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityRequest { Frames = { field, field } })));
        Assert.Equal(10 * 2000, await PriceOfAsync(server.Fractals.GenerateIteratedFunctionSystemAsync(new GenerateIteratedFunctionSystemRequest { PointCount = 2000 })));
        Assert.Equal(1000, await PriceOfAsync(server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest
        {
            Valence = 1,
            OutsideMolar = 0.005,
            InsideMolar = 0.14,
        })));
        Assert.Equal(32 * 32 * 3 * 8, await PriceOfAsync(server.Runs.CreateRunAsync(new CreateRunRequest { Spec = spec })));
    }

    [Fact]
    public async Task Aggregate_StatesThePriceOfItsPairs()
    {
        await using var server = await TestServer.StartAsync();
        var request = new AggregateRequest { Spec = RoundSpec() };
        for (var i = 0; i < 7; i++)
        {
            request.Updates.Add(new ClientUpdate { ClientId = $"client-{i}", Values = ByteString.CopyFrom(new byte[32 * 4]) });
        }

        // In differences: the pairs, reading and adding 32 components of 7, and 49 distances to sort.
        Assert.Equal(((49 / 2 * 32) + (7 * 32 * 12) + (49 * 512) + 31) / 32, await PriceOfAsync(server.Aggregation.AggregateAsync(request)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AggregateStream_StatesTheSamePriceWhateverItAnnounces(bool announces)
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Aggregation.AggregateStream();
        var first = new AggregateStreamRequest { Spec = RoundSpec() };
        if (announces)
        {
            first.UpdateCount = 7;
        }

        for (var i = 0; i < 7; i++)
        {
            first.Declarations.Add(new UpdateDeclaration { ClientId = $"client-{i}", Length = 32 });
            first.Chunks.Add(new UpdateChunk { ClientId = $"client-{i}", Values = ByteString.CopyFrom(new byte[32 * 4]) });
        }

        await call.RequestStream.WriteAsync(first);
        await call.RequestStream.CompleteAsync();
        await foreach (var _ in call.ResponseStream.ReadAllAsync())
        {
        }

        Assert.Equal(((49 / 2 * 32) + (7 * 32 * 12) + (49 * 512) + 31) / 32, PriceIn(call.GetTrailers()));
    }

    [Fact]
    public async Task Streams_StateTheirPriceAtTheEnd()
    {
        await using var server = await TestServer.StartAsync();
        using var simulation = server.Simulation.StreamSimulation(new StreamSimulationRequest
        {
            Spec = new SimulationSpec { GridSize = 32, Steps = 10 },
            EveryNSteps = 3,
            FieldEncoding = FieldEncoding.Float32,
        });
        await foreach (var _ in simulation.ResponseStream.ReadAllAsync())
        {
        }

        Assert.Equal((32 * 32 * 10) + (32 * 32 * 4 * 5), PriceIn(simulation.GetTrailers()));

        using var features = server.Features.StreamFeatures();
        await features.RequestStream.WriteAsync(new StreamFeaturesRequest { Start = new StreamFeaturesStart { EveryNFrames = 2 } });
        var field = new Field { Rows = 16, Columns = 16, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[16 * 16 * 8]) };
        for (var i = 0; i < 3; i++)
        {
            await features.RequestStream.WriteAsync(new StreamFeaturesRequest { Frame = field });
        }

        await features.RequestStream.CompleteAsync();
        await foreach (var _ in features.ResponseStream.ReadAllAsync())
        {
        }

        // Three frames, and vectors after two and after the last.
        Assert.Equal((16 * 16 * 2 * 3) + (16 * 16 * 8 * 2), PriceIn(features.GetTrailers()));
    }

    [Fact]
    public async Task UnaryCall_WhoseDeadlineIsTooShort_IsRefusedAtOnceWithThePrediction()
    {
        await using var server = await TestServer.StartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Simulation.SimulateAsync(new SimulateRequest { Spec = Endless }, deadline: DateTime.UtcNow.AddSeconds(20)));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        var info = error.GetRpcStatus()!.GetDetail<ErrorInfo>();
        Assert.Equal(("DEADLINE_TOO_SHORT", "mfn"), (info.Reason, info.Domain));
        Assert.Equal((7L * 1024 * 1024 * 10_000).ToString(CultureInfo.InvariantCulture), info.Metadata["price_cell_steps"]);
        Assert.InRange(long.Parse(info.Metadata["deadline_milliseconds"], CultureInfo.InvariantCulture), 1, 20_000);
        Assert.InRange(long.Parse(info.Metadata["predicted_milliseconds"], CultureInfo.InvariantCulture), 40_000, 2_000_000);
        Assert.Contains("until its deadline. Allow more time, or ask for less.", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.Places.TakenCount);
    }

    [Fact]
    public async Task UnaryCall_WithTimeEnough_IsServed()
    {
        await using var server = await TestServer.StartAsync();

        var response = await server.Simulation.SimulateAsync(
            new SimulateRequest { Spec = new SimulationSpec { GridSize = 32, Steps = 10 } }, deadline: DateTime.UtcNow.AddMinutes(1));

        Assert.Equal(10, response.Summary.Spec.Steps);
    }

    [Fact]
    public async Task Stream_WhateverItsDeadline_IsServedUntilThen()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Simulation.StreamSimulation(new StreamSimulationRequest { Spec = Endless }, deadline: DateTime.UtcNow.AddSeconds(20));

        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
    }

    private static AggregationSpec RoundSpec() => new()
    {
        Length = 32,
        ByzantineCount = 1,
        Rule = new AggregationRule { Krum = new KrumRule() },
    };

    private static async Task<long> PriceOfAsync<T>(AsyncUnaryCall<T> call)
    {
        using (call)
        {
            await call;
            return PriceIn(call.GetTrailers());
        }
    }

    private static long PriceIn(Metadata trailers) =>
        long.Parse(Assert.Single(trailers, entry => entry.Key == CallPrices.Trailer).Value, CultureInfo.InvariantCulture);
}
