using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Fractals;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Runs;
using Mfn.Server.Translation;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Fractals;

/// <summary>Fractal analysis of what callers send, and random fractals.</summary>
internal sealed class FractalService(ComputeScheduler compute, IOptions<LimitsOptions> limits) : Contracts.V1.FractalService.FractalServiceBase
{
    public override async Task<ComputeBoxCountingDimensionResponse> ComputeBoxCountingDimension(
        ComputeBoxCountingDimensionRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var field = request.Field.ToField("field", limits.Value, problems);
        var threshold = request.ToThreshold(problems);
        var options = request.ToBoxOptions(problems);
        problems.ThrowIfAny();

        var meshes = options.BoxMeshesFor(field!.RowCount, field.ColumnCount);
        var dimension = await compute.ComputeAsync(
            () => BoxCountingDimension.MeasureAbove(threshold, field.Cells, field.RowCount, field.ColumnCount, meshes), context.CancellationToken);
        return dimension.ToResponse(meshes.Select(mesh => 1 - ((double)mesh.CoveredCellCount / field.Cells.Length)).DefaultIfEmpty(0).Max());
    }

    public override async Task<GenerateIteratedFunctionSystemResponse> GenerateIteratedFunctionSystem(
        GenerateIteratedFunctionSystemRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var spec = request.ToSpec(problems);
        problems.ThrowIfAny();

        var orbit = await compute.ComputeAsync(() => IfsOrbit.Generate(spec), context.CancellationToken);
        return orbit.ToResponse(request.WithPoints);
    }

    public override async Task<ComputeHistoryStabilityResponse> ComputeHistoryStability(ComputeHistoryStabilityRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var frames = request.Frames.ToHistory(limits.Value, problems);
        var timeStep = request.HasTimeStep ? request.TimeStep : 1.0;
        problems.Check("time_step", timeStep, StabilityAnalyzer.TimeStepRange);
        problems.ThrowIfAny();

        var metrics = await compute.ComputeAsync(
            () =>
            {
                var analyzer = new StabilityAnalyzer(frames![0].Cells.Length, timeStep);
                foreach (var frame in frames)
                {
                    context.CancellationToken.ThrowIfCancellationRequested();
                    analyzer.Add(frame.Cells);
                }

                return analyzer.Measure();
            },
            context.CancellationToken);
        return metrics.ToResponse();
    }
}
