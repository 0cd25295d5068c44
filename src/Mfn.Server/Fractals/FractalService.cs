using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Fractals;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Mfn.Server.Pricing;
using Mfn.Server.Translation;
using Microsoft.Extensions.Options;
using FeatureOptions = Mfn.Core.Features.FeatureOptions;
using Field = Mfn.Core.Fields.Field;

namespace Mfn.Server.Fractals;

/// <summary>Fractal analysis of what callers send, and random fractals.</summary>
internal sealed class FractalService(ComputeScheduler compute, ComputePlaces places, CallPrices prices, RequestReader reader, IOptionsMonitor<LimitsOptions> limits)
    : Contracts.V1.FractalService.FractalServiceBase
{
    public override async Task<ComputeBoxCountingDimensionResponse> ComputeBoxCountingDimension(
        ComputeBoxCountingDimensionRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var field = request.Field.ToField("field", limits.CurrentValue, problems);
        var (threshold, options) = (request.ToThreshold(problems), request.ToBoxOptions(problems));
        problems.ThrowIfAny();
        var work = prices.Announce(PriceList.Calls("dimension") + PriceOf(field!, options), context);
        return await MeasureAsync(field!, threshold, options, work, context);
    }

    public override async Task<ComputeBoxCountingDimensionStreamResponse> ComputeBoxCountingDimensionStream(
        IAsyncStreamReader<ComputeBoxCountingDimensionStreamRequest> requestStream, ServerCallContext context)
    {
        using var uploading = places.BeginUpload(MemoryHolder.Of(context));
        using var received = CallMemory.Of(context).OpenUpload(MemoryUse.Requests);
        if (!await reader.MoveNextAsync(requestStream, context) || requestStream.Current.Start is not { } start)
        {
            throw CallRefusedException.InvalidArgument("start", "must be in the first message");
        }

        var problems = new RequestProblems();
        var upload = new FieldUpload(limits.CurrentValue, problems, received);
        var field = upload.Declare(start.Field, "field");
        var (threshold, options) = (start.ToThreshold(problems), start.ToBoxOptions(problems));
        problems.ThrowIfAny();
        var work = await prices.AnnounceInTurnAsync(PriceList.Dimension(field!.RowCount, field.ColumnCount, options.ScaleCount), context);
        await upload.ReceiveAsync(reader.ReadUploadAsync(requestStream, context).Select(message => message.HasValues ? message.Values : null));
        return new ComputeBoxCountingDimensionStreamResponse
        {
            Dimension = await MeasureAsync(field.Field!, threshold, options, work, context),
        };
    }

    public override async Task<GenerateIteratedFunctionSystemResponse> GenerateIteratedFunctionSystem(
        GenerateIteratedFunctionSystemRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var spec = request.ToSpec(problems);
        problems.ThrowIfAny();
        var work = prices.Announce(PriceList.Calls("orbit") + PriceList.IteratedFunctionSystem(spec.PointCount), context);

        var orbit = await compute.ComputeAsync(() => work.Measure(() => IfsOrbit.Generate(spec)), context);
        return orbit.ToResponse(request.WithPoints);
    }

    public override async Task<ComputeHistoryStabilityResponse> ComputeHistoryStability(ComputeHistoryStabilityRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var frames = request.Frames.ToHistory(limits.CurrentValue, problems);
        var timeStep = ReadTimeStep(request.HasTimeStep, request.TimeStep, "time_step", problems);
        problems.ThrowIfAny();
        var work = prices.Announce(PriceList.Calls("stability") + PriceOf(frames![0], frames.Count), context);

        var metrics = await compute.ComputeAsync(
            () => work.Measure(() =>
            {
                var analyzer = new StabilityAnalyzer(frames[0].Cells.Length, timeStep);
                foreach (var frame in frames)
                {
                    context.CancellationToken.ThrowIfCancellationRequested();
                    analyzer.Add(frame.Cells);
                }

                return analyzer.Measure();
            }),
            context);
        return metrics.ToResponse();
    }

    public override async Task<ComputeHistoryStabilityStreamResponse> ComputeHistoryStabilityStream(
        IAsyncStreamReader<ComputeHistoryStabilityStreamRequest> requestStream, ServerCallContext context)
    {
        if (!await reader.MoveNextAsync(requestStream, context) || requestStream.Current.Start is not { } start)
        {
            throw CallRefusedException.InvalidArgument("start", "must be in the first message");
        }

        var problems = new RequestProblems();
        var timeStep = ReadTimeStep(start.HasTimeStep, start.TimeStep, "start.time_step", problems);
        problems.ThrowIfAny();

        using var received = CallMemory.Of(context).OpenUpload(MemoryUse.Requests);
        using var working = CallMemory.Of(context).Open(MemoryUse.Requests);
        var upload = new HistoryUpload(limits.CurrentValue, received);
        StabilityAnalyzer? analyzer = null;
        while (await reader.MoveNextAsync(requestStream, context))
        {
            var message = requestStream.Current;
            if (upload.Take(message.Frame, message.HasValues ? message.Values : null) is { } frame)
            {
                var work = await prices.AnnounceInTurnAsync(PriceOf(frame, 1), context);
                working.Resize(SimulationMemory.OfFeatures(frame.RowCount, frame.ColumnCount));
                analyzer ??= new StabilityAnalyzer(frame.Cells.Length, timeStep);
                await compute.ComputePartAsync(
                    () => work.Measure(() =>
                    {
                        analyzer.Add(frame.Cells);
                        return frame;
                    }),
                    context);
                upload.LetGo();
            }
        }

        upload.RequireComplete();
        return new ComputeHistoryStabilityStreamResponse { Stability = analyzer!.Measure().ToResponse() };
    }

    private static Price PriceOf(Field field, FeatureOptions options) =>
        PriceList.Dimension(field.RowCount, field.ColumnCount, options.ScaleCount);

    private static Price PriceOf(Field frame, int frameCount) =>
        PriceList.HistoryStability(frame.RowCount, frame.ColumnCount, frameCount);

    private static double ReadTimeStep(bool isSet, double value, string path, RequestProblems problems)
    {
        var timeStep = isSet ? value : 1.0;
        problems.Check(path, timeStep, StabilityAnalyzer.TimeStepRange);
        return timeStep;
    }

    private async Task<ComputeBoxCountingDimensionResponse> MeasureAsync(
        Field field, double threshold, FeatureOptions options, CallWork work, ServerCallContext context)
    {
        var meshes = options.BoxMeshesFor(field.RowCount, field.ColumnCount);
        var dimension = await compute.ComputeAsync(
            () => work.Measure(() => BoxCountingDimension.MeasureAbove(threshold, field.Cells, field.RowCount, field.ColumnCount, meshes)), context);
        return dimension.ToResponse(meshes.Select(mesh => 1 - ((double)mesh.CoveredCellCount / field.Cells.Length)).DefaultIfEmpty(0).Max());
    }
}
