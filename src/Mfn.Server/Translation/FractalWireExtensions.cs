using System.Runtime.InteropServices;
using Google.Protobuf;
using Mfn.Core.Features;
using Mfn.Core.Fractals;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the fractal contract meets the core.</summary>
internal static class FractalWireExtensions
{
    /// <summary>How to count boxes; what is wrong with that is added to the problems.</summary>
    public static FeatureOptions ToBoxOptions(this Wire.ComputeBoxCountingDimensionRequest request, RequestProblems problems)
    {
        // Box counting is part of the features, with the same options and the same ranges.
        var options = new Wire.FeatureOptions { DefinitionVersion = request.DefinitionVersion };
        if (request.HasMinBoxSize)
        {
            options.MinBoxSize = request.MinBoxSize;
        }

        if (request.HasMaxBoxSize)
        {
            options.MaxBoxSize = request.MaxBoxSize;
        }

        if (request.HasScaleCount)
        {
            options.ScaleCount = request.ScaleCount;
        }

        return options.ToOptions("", problems);
    }

    /// <summary>The threshold in volts.</summary>
    public static double ToThreshold(this Wire.ComputeBoxCountingDimensionRequest request, RequestProblems problems)
    {
        var millivolts = request.HasThresholdMillivolts ? request.ThresholdMillivolts : FeatureOptions.Default.LowThresholdMillivolts;
        if (!ParameterRange.Finite.Contains(millivolts))
        {
            problems.Add("threshold_millivolts", $"must be {ParameterRange.Finite}, but was {ParameterRange.Format(millivolts)}");
        }

        return millivolts / 1000.0;
    }

    public static Wire.ComputeBoxCountingDimensionResponse ToResponse(this BoxCountingDimension dimension) => new()
    {
        Dimension = dimension.Dimension,
        RSquared = ClampedRSquared(dimension),
        IsDefined = dimension.IsDefined,
        BoxCounts = { dimension.Counts.Select(count => new Wire.BoxCount { Size = count.BoxSize, Count = count.OccupiedCount }) },
    };

    public static Wire.FractalDimension ToWire(this BoxCountingDimension dimension) => new()
    {
        Dimension = dimension.Dimension,
        RSquared = ClampedRSquared(dimension),
        IsDefined = dimension.IsDefined,
    };

    /// <summary>The system that a request asks for; what is wrong with it is added to the problems, by wire name.</summary>
    public static IfsSpec ToSpec(this Wire.GenerateIteratedFunctionSystemRequest request, RequestProblems problems)
    {
        var spec = new IfsSpec();
        spec = spec with
        {
            Seed = request.HasSeed ? SeedWireExtensions.ToSeed(request.Seed, "seed", problems) : spec.Seed,
            PointCount = request.HasPointCount ? request.PointCount : spec.PointCount,
            MapCount = request.HasMapCount ? request.MapCount : spec.MapCount,
        };
        foreach (var problem in spec.FindProblems())
        {
            problems.Add(problem.Parameter == nameof(IfsSpec.PointCount) ? "point_count" : "map_count", problem.Description);
        }

        return spec;
    }

    public static Wire.GenerateIteratedFunctionSystemResponse ToResponse(this IfsOrbit orbit, bool withPoints)
    {
        var response = new Wire.GenerateIteratedFunctionSystemResponse
        {
            LyapunovExponent = orbit.LyapunovExponent,
            Maps =
            {
                orbit.System.Maps.Select(map => new Wire.AffineMap { A = map.A, B = map.B, C = map.C, D = map.D, E = map.E, F = map.F }),
            },
        };
        if (withPoints)
        {
            response.Points = ByteString.CopyFrom(MemoryMarshal.AsBytes(orbit.Points.AsSpan()));
        }

        return response;
    }

    public static Wire.ComputeHistoryStabilityResponse ToResponse(this StabilityMetrics metrics) => new()
    {
        LyapunovExponent = metrics.LyapunovExponent,
        IsStable = metrics.IsStable,
        MeanChangeVolts = metrics.MeanChangeRate,
        MaxChangeVolts = metrics.MaxChangeRate,
        FinalStandardDeviationVolts = metrics.FinalStandardDeviation,
    };

    private static double ClampedRSquared(BoxCountingDimension dimension) => Math.Clamp(dimension.RSquared, 0.0, 1.0);
}
