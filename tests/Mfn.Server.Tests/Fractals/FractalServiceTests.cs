using System.Runtime.InteropServices;
using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Fractals;

public sealed class FractalServiceTests
{
    // The counts of these figures are exact powers, and the fit is one division.
    private const double FitTolerance = 1e-12;

    [Fact]
    public async Task ComputeBoxCountingDimension_LineAndSquare_AreOneAndTwo()
    {
        await using var server = await TestServer.StartAsync();
        var line = TestFields.Of(64, 64, (i, _) => i == 5 ? 0 : -0.07);
        var square = TestFields.Constant(64, 64, 0);

        foreach (var (field, dimension) in new[] { (line, 1.0), (square, 2.0) })
        {
            var response = await server.Fractals.ComputeBoxCountingDimensionAsync(new ComputeBoxCountingDimensionRequest { Field = field, DefinitionVersion = "5.0" });

            Assert.Equal(dimension, response.Dimension, FitTolerance);
            Assert.Equal(1.0, response.RSquared, FitTolerance);
            Assert.True(response.IsDefined);
            Assert.Equal([2.0, 4, 8, 16, 32], response.BoxCounts.Select(count => count.Size));
            Assert.Equal(response.BoxCounts.Select(count => (long)Math.Pow(64 / count.Size, dimension)), response.BoxCounts.Select(count => count.Count));
        }
    }

    [Fact]
    public async Task ComputeBoxCountingDimension_Options_ReachTheCount()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ComputeBoxCountingDimensionRequest { Field = TestFields.Constant(64, 64, -0.055), MinBoxSize = 4, MaxBoxSize = 8, ScaleCount = 2, ThresholdMillivolts = -50 };

        var empty = await server.Fractals.ComputeBoxCountingDimensionAsync(request);
        request.ThresholdMillivolts = -55.5;
        var full = await server.Fractals.ComputeBoxCountingDimensionAsync(request);

        Assert.False(empty.IsDefined);
        Assert.Equal((0.0, 0.0), (empty.Dimension, empty.RSquared));
        Assert.False(empty.HasDimension || empty.HasRSquared || empty.HasStandardError);
        Assert.Equal("fewer than two box sizes have an occupied box", empty.UndefinedReason);
        Assert.Equal([4.0, 8], full.BoxCounts.Select(count => count.Size));
        Assert.Equal([256L, 64], full.BoxCounts.Select(count => count.Count));
    }

    [Theory]
    [InlineData(11, new[] { 6, 3 })]
    [InlineData(127, new[] { 64, 32, 16, 8, 4 })]
    public async Task ComputeBoxCountingDimension_FullSquareOfOddSize_IsTwoWithTheCutBoxes(int extent, int[] boxesAcross)
    {
        await using var server = await TestServer.StartAsync();
        var request = new ComputeBoxCountingDimensionRequest { Field = TestFields.Constant(extent, extent, 0), DefinitionVersion = "5.0" };

        var response = await server.Fractals.ComputeBoxCountingDimensionAsync(request);
        request.DefinitionVersion = "4.1";
        var reference = await server.Fractals.ComputeBoxCountingDimensionAsync(request);

        Assert.Equal(2, response.Dimension, FitTolerance);
        Assert.Equal(boxesAcross.Select(m => (long)m * m), response.BoxCounts.Select(count => count.Count));
        Assert.Equal(0, response.UncoveredShare);
        Assert.Equal(boxesAcross.Length > 2, response.HasStandardError);

        // Whole boxes of a size that leaves out most: 3 of 11 cells cover 9, 32 of 127 cover 96.
        Assert.Equal(1 - Math.Pow(extent == 11 ? 9 / 11.0 : 96 / 127.0, 2), reference.UncoveredShare, FitTolerance);
        Assert.NotEqual(2, reference.Dimension, 0.01);
    }

    [Fact]
    public async Task ComputeBoxCountingDimension_WhatCannotBeHad_IsAbsentWithItsReason()
    {
        await using var server = await TestServer.StartAsync();

        var small = await server.Fractals.ComputeBoxCountingDimensionAsync(new ComputeBoxCountingDimensionRequest { Field = TestFields.Constant(5, 5, 0), DefinitionVersion = "5.0" });
        var point = await server.Fractals.ComputeBoxCountingDimensionAsync(
            new ComputeBoxCountingDimensionRequest { Field = TestFields.Of(32, 32, (i, j) => i == 9 && j == 4 ? 0 : -0.07), DefinitionVersion = "5.0" });

        Assert.Equal((false, false, "fewer than two box sizes fit into the field"), (small.IsDefined, small.HasDimension, small.UndefinedReason));
        Assert.Equal((true, 0.0, false, false), (point.IsDefined, point.Dimension, point.HasRSquared, point.HasStandardError));
        Assert.True(point.HasDimension);
    }

    [Fact]
    public async Task GenerateIteratedFunctionSystem_Points_FollowTheMapsAndTheExponentTheirAreas()
    {
        await using var server = await TestServer.StartAsync();

        var response = await server.Fractals.GenerateIteratedFunctionSystemAsync(
            new GenerateIteratedFunctionSystemRequest { Seed = 7, PointCount = 2_000, MapCount = 3, WithPoints = true });
        var again = await server.Fractals.GenerateIteratedFunctionSystemAsync(new GenerateIteratedFunctionSystemRequest { Seed = 7, PointCount = 2_000, MapCount = 3 });

        var coordinates = MemoryMarshal.Cast<byte, double>(response.Points.Span).ToArray();
        Assert.Equal(3, response.Maps.Count);
        Assert.Equal(4_000, coordinates.Length);
        var (x, y, total) = (0.0, 0.0, 0.0);
        for (var i = 0; i < coordinates.Length; i += 2)
        {
            var map = Assert.Single(response.Maps, each => (each.A * x) + (each.B * y) + each.E == coordinates[i] && (each.C * x) + (each.D * y) + each.F == coordinates[i + 1]);
            total += Math.Log(Math.Abs((map.A * map.D) - (map.B * map.C)));
            (x, y) = (coordinates[i], coordinates[i + 1]);
        }

        Assert.Equal(total / 2_000, response.LyapunovExponent, 1e-12);
        Assert.Equal(response.LyapunovExponent, again.LyapunovExponent);
        Assert.True(again.Points.IsEmpty);
    }

    [Fact]
    public async Task ComputeHistoryStability_UniformStep_IsItsLogLength()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ComputeHistoryStabilityRequest { Frames = { TestFields.Constant(4, 4, 0), TestFields.Constant(4, 4, 0.5), TestFields.Constant(4, 4, 1) }, TimeStep = 2 };

        var response = await server.Fractals.ComputeHistoryStabilityAsync(request);

        // Sixteen cells that move by 0.5: a step of length 2.
        Assert.Equal(Math.Log(2.0) / 2, response.LyapunovExponent, 1e-15);
        Assert.Equal((false, 0.5, 0.5, 0.0), (response.IsStable, response.MeanChangeVolts, response.MaxChangeVolts, response.FinalStandardDeviationVolts));
        Assert.Equal((0.25, 0.25, 2L), (response.MeanChangeRateVoltsPerTime, response.MaxChangeRateVoltsPerTime, response.MovingStepCount));
    }

    [Fact]
    public async Task ComputeHistoryStability_NothingMoves_HasNoExponentAndSaysWhy()
    {
        await using var server = await TestServer.StartAsync();
        var frame = TestFields.Constant(4, 4, -0.07);

        var single = await server.Fractals.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityRequest { Frames = { frame } });
        var still = await server.Fractals.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityRequest { Frames = { frame, frame } });

        Assert.Equal((false, false, "there is only one frame"), (single.HasLyapunovExponent, single.HasMeanChangeVolts, single.UndefinedReason));
        Assert.Equal((false, true, "no step moves by more than 1e-10 V"), (still.HasLyapunovExponent, still.HasMaxChangeVolts, still.UndefinedReason));
        // The rates of the greatest change in the least time.
        var fast = await server.Fractals.ComputeHistoryStabilityAsync(
            new ComputeHistoryStabilityRequest { Frames = { TestFields.Constant(4, 4, -1000), TestFields.Constant(4, 4, 1000) }, TimeStep = 1e-100 });
        Assert.True(double.IsFinite(fast.LyapunovExponent) && double.IsFinite(fast.MaxChangeRateVoltsPerTime));
        Assert.Equal((0.0, 0L, false), (still.MaxChangeVolts, still.MovingStepCount, still.IsStable));
    }

    [Fact]
    public async Task Calls_BadRequests_AreRefusedByName()
    {
        await using var server = await TestServer.StartAsync();

        Assert.Equal("field must be set.", await ErrorAsync(() => server.Fractals.ComputeBoxCountingDimensionAsync(new ComputeBoxCountingDimensionRequest())));
        Assert.Equal(
            "threshold_millivolts must be finite, but was NaN. definition_version must be \"4.1\" or \"5.0\", but was \"x\". min_box_size must be between 1 and 2147483647, but was 0. scale_count must be between 2 and 20, but was 1.",
            await ErrorAsync(() => server.Fractals.ComputeBoxCountingDimensionAsync(new ComputeBoxCountingDimensionRequest
            {
                Field = TestFields.Constant(2, 2, 0),
                DefinitionVersion = "x",
                ThresholdMillivolts = double.NaN,
                MinBoxSize = 0,
                ScaleCount = 1,
            })));
        Assert.Equal(
            "seed must be between 0 and 9223372036854775807, but was -1. point_count must be between 1000 and 100000, but was 999. map_count must be between 2 and 8, but was 9.",
            await ErrorAsync(() => server.Fractals.GenerateIteratedFunctionSystemAsync(new GenerateIteratedFunctionSystemRequest { Seed = -1, PointCount = 999, MapCount = 9 })));
        Assert.Equal(
            "frames must be between 1 and 10000, but were 0; send a longer history in parts, or every n-th frame of it. time_step must be between 1E-100 and 1E+100, but was 0.",
            await ErrorAsync(() => server.Fractals.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityRequest { TimeStep = 0 })));

        static async Task<string> ErrorAsync<T>(Func<AsyncUnaryCall<T>> call)
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await call());
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            return error.Status.Detail;
        }
    }
}
