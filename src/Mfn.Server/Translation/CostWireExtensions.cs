using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Frames;
using Mfn.Server.Pricing;
using Mfn.Server.Simulation;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the contract of costs meets the price list. A request is estimated by the same way as it is served.</summary>
internal static class CostWireExtensions
{
    private static readonly ParameterRange FromOne = new(1, int.MaxValue);

    /// <summary>What a call is to run.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with the request.</exception>
    public static SimulationOrder ToOrder(this Wire.SimulateRequest request, LimitsOptions limits)
    {
        var problems = new RequestProblems();
        var order = request.ToOrder(limits, problems);
        problems.ThrowIfAny();
        return order;
    }

    /// <inheritdoc cref="ToOrder(Wire.SimulateRequest, LimitsOptions)"/>
    public static SimulationOrder ToOrder(this Wire.StreamSimulationRequest request, LimitsOptions limits)
    {
        var problems = new RequestProblems();
        var order = request.ToOrder(limits, problems);
        problems.ThrowIfAny();
        return order;
    }

    /// <summary>What a request would cost.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with it.</exception>
    public static Price ToPrice(this Wire.EstimateCostRequest request, LimitsOptions limits)
    {
        var problems = new RequestProblems();
        Price? price;
        switch (request.RequestCase)
        {
            case Wire.EstimateCostRequest.RequestOneofCase.Simulate:
                var simulate = request.Simulate.ToOrder(limits, problems);
                problems = problems.In("simulate");
                price = problems.IsEmpty ? simulate.Price : null;
                break;
            case Wire.EstimateCostRequest.RequestOneofCase.StreamSimulation:
                var stream = request.StreamSimulation.ToOrder(limits, problems);
                problems = problems.In("stream_simulation");
                price = problems.IsEmpty ? stream.Price : null;
                break;
            case Wire.EstimateCostRequest.RequestOneofCase.Features:
                price = request.Features.ToPrice(limits, problems);
                problems = problems.In("features");
                break;
            case Wire.EstimateCostRequest.RequestOneofCase.Aggregation:
                price = request.Aggregation.ToPrice(limits, problems);
                problems = problems.In("aggregation");
                break;
            case Wire.EstimateCostRequest.RequestOneofCase.Validation:
                var validation = request.Validation.ToSpec(problems);
                problems = problems.In("validation");
                price = problems.IsEmpty ? PriceList.Calls("validate") + PriceList.Validation(validation) : null;
                break;
            default:
                var spec = request.Spec.ToSpec(limits, problems);
                price = problems.IsEmpty ? PriceList.Simulate(spec) : null;
                break;
        }

        problems.ThrowIfAny();
        return price!;
    }

    /// <summary>The answer of a price, on a server that knows how fast it is.</summary>
    public static Wire.EstimateCostResponse ToResponse(this Price price, Calibration calibration) => new()
    {
        Price = price.CellSteps,
        PredictedSeconds = calibration.Predict(price).TotalSeconds,
        Calibrated = price.Parts.All(calibration.IsMeasured),
        Parts =
        {
            price.Parts.Select(part => new Wire.CostPart
            {
                Work = part.Kind.Name,
                Price = part.CellSteps,
                PredictedSeconds = calibration.PredictSeconds(part),
                Calibrated = calibration.IsMeasured(part),
            }),
        },
    };

    private static SimulationOrder ToOrder(this Wire.SimulateRequest request, LimitsOptions limits, RequestProblems problems)
    {
        var spec = request.Spec.ToSpec(limits, problems);
        var analysis = new AnalysisPlan(
            request.Features?.ToOptions("features.", problems), request.FractalDimension, request.PatternFeatures?.ToOptions(spec, problems));
        var encoding = request.FieldEncoding.ToEncoding(problems);
        var species = request.Species.ToSpecies(spec, problems);
        var fields = request.InitialFields.ToInitialFields(spec, limits, problems);
        return new SimulationOrder(spec, analysis, Frames: null, encoding, species, fields);
    }

    private static SimulationOrder ToOrder(this Wire.StreamSimulationRequest request, LimitsOptions limits, RequestProblems problems)
    {
        var spec = request.Spec.ToSpec(limits, problems);
        var analysis = new AnalysisPlan(
            request.Features?.ToOptions("features.", problems), request.FractalDimension, request.PatternFeatures?.ToOptions(spec, problems));
        var plan = request.ToPlan(limits, problems);
        var species = request.Species.ToSpecies(spec, problems);
        var fields = request.InitialFields.ToInitialFields(spec, limits, problems);
        return new SimulationOrder(spec, analysis, plan, CellEncoding.None, species, fields);
    }

    private static Price? ToPrice(this Wire.FeaturesCost features, LimitsOptions limits, RequestProblems problems)
    {
        var extents = new ParameterRange(1, limits.MaxGridSize);
        var isFine = problems.Check("rows", features.Rows, extents) & problems.Check("columns", features.Columns, extents)
            & problems.Check("frame_count", features.FrameCount, new ParameterRange(1, limits.MaxFrames))
            & (!features.HasEveryNFrames || problems.Check("every_n_frames", features.EveryNFrames, FromOne));
        if (!isFine)
        {
            return null;
        }

        var vectorCount = features.HasEveryNFrames ? ((features.FrameCount - 1) / features.EveryNFrames) + 1 : 1;
        return PriceList.Calls("features") + PriceList.Features(features.Rows, features.Columns, features.FrameCount, vectorCount);
    }

    private static Price? ToPrice(this Wire.AggregationCost aggregation, LimitsOptions limits, RequestProblems problems)
    {
        var plan = aggregation.Spec.ToPlan(limits, problems);
        return problems.Check("update_count", aggregation.UpdateCount, new ParameterRange(0, int.MaxValue)) && plan is not null
            ? PriceList.Calls("aggregate") + plan.PriceOf(aggregation.UpdateCount, limits.AggregationThreads)
            : null;
    }
}
