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

    public static Wire.ComputeBoxCountingDimensionResponse ToResponse(this BoxCountingDimension dimension, double uncoveredShare)
    {
        var response = new Wire.ComputeBoxCountingDimensionResponse
        {
            IsDefined = dimension.IsDefined,
            BoxCounts = { dimension.Counts.Select(count => new Wire.BoxCount { Size = count.Side, Count = count.OccupiedCount }) },
            UndefinedReason = UndefinedReason(dimension),
            UncoveredShare = uncoveredShare,
        };
        if (dimension.IsDefined)
        {
            response.Dimension = dimension.Dimension;
        }

        if (dimension.HasFit)
        {
            response.RSquared = ClampedRSquared(dimension);
        }

        if (dimension.StandardError is { } error)
        {
            response.StandardError = error;
        }

        return response;
    }

    public static Wire.FractalDimension ToWire(this BoxCountingDimension dimension) => new()
    {
        Dimension = dimension.Dimension,
        RSquared = ClampedRSquared(dimension),
        IsDefined = dimension.IsDefined,
        UndefinedReason = UndefinedReason(dimension),
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

    public static Wire.ComputeHistoryStabilityResponse ToResponse(this StabilityMetrics metrics)
    {
        var response = new Wire.ComputeHistoryStabilityResponse
        {
            IsStable = metrics.IsStable,
            FinalStandardDeviationVolts = metrics.FinalStandardDeviation,
            MovingStepCount = metrics.MovingStepCount,
            UndefinedReason = metrics switch
            {
                { StepCount: 0 } => "there is only one frame",
                { MovingStepCount: 0 } => "no step moves by more than 1e-10 V",
                _ => "",
            },
        };
        if (metrics.StepCount > 0)
        {
            response.MeanChangeVolts = metrics.MeanChange;
            response.MaxChangeVolts = metrics.MaxChange;
            response.MeanChangeRateVoltsPerTime = metrics.MeanChangeRate;
            response.MaxChangeRateVoltsPerTime = metrics.MaxChangeRate;
        }

        if (metrics.MovingStepCount > 0)
        {
            response.LyapunovExponent = metrics.LyapunovExponent;
        }

        return response;
    }

    private static string UndefinedReason(BoxCountingDimension dimension) => dimension switch
    {
        { IsDefined: true } => "",
        { Counts.Length: < 2 } => "fewer than two box sizes fit into the field",
        _ => "fewer than two box sizes have an occupied box",
    };

    private static double ClampedRSquared(BoxCountingDimension dimension) => Math.Clamp(dimension.RSquared, 0.0, 1.0);
}
