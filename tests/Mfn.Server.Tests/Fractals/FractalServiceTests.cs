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
            Assert.Equal([2, 4, 8, 16, 32], response.BoxCounts.Select(count => count.Size));
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
        Assert.Equal([4, 8], full.BoxCounts.Select(count => count.Size));
        Assert.Equal([256L, 64], full.BoxCounts.Select(count => count.Count));
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
        Assert.Equal((false, 0.25, 0.25, 0.0), (response.IsStable, response.MeanChangeVolts, response.MaxChangeVolts, response.FinalStandardDeviationVolts));
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
            "frames must be between 1 and 10000, but were 0; send a longer history in parts, or every n-th frame of it. time_step must be finite and above 0, but was 0.",
            await ErrorAsync(() => server.Fractals.ComputeHistoryStabilityAsync(new ComputeHistoryStabilityRequest { TimeStep = 0 })));

        static async Task<string> ErrorAsync<T>(Func<AsyncUnaryCall<T>> call)
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await call());
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            return error.Status.Detail;
        }
    }
}
