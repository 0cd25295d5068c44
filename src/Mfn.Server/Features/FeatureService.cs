using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Features;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Mfn.Server.Pricing;
using Mfn.Server.Translation;
using Microsoft.Extensions.Options;
using FeatureVector = Mfn.Core.Features.FeatureVector;
using Field = Mfn.Core.Fields.Field;

namespace Mfn.Server.Features;

/// <summary>Features of the histories that callers send.</summary>
internal sealed class FeatureService(ComputeScheduler compute, CallPrices prices, RequestReader reader, ResponseWriter writer, IOptionsMonitor<LimitsOptions> limits)
    : Contracts.V1.FeatureService.FeatureServiceBase
{
    public override Task<DescribeFeaturesResponse> DescribeFeatures(DescribeFeaturesRequest request, ServerCallContext context) =>
        Task.FromResult(FeatureWireExtensions.Describe());

    public override async Task<ExtractFeaturesResponse> ExtractFeatures(ExtractFeaturesRequest request, ServerCallContext context)
    {
        var problems = new RequestProblems();
        var frames = request.Frames.ToHistory(limits.CurrentValue, problems);
        var options = request.Options.ToOptions("options.", problems);
        var normalization = request.Normalization.ToNormalization(problems);
        problems.ThrowIfAny();
        var work = prices.Announce(PriceList.Calls("features") + PriceOf(frames![0], frames.Count, 1), context);

        var features = await compute.ComputeAsync(
            () => work.Measure(() =>
            {
                var extractor = new FeatureExtractor(frames[0].RowCount, frames[0].ColumnCount, options);
                foreach (var frame in frames)
                {
                    context.CancellationToken.ThrowIfCancellationRequested();
                    extractor.Add(frame.Cells);
                }

                return extractor.Extract();
            }),
            context);
        return new ExtractFeaturesResponse { Features = features.ToWire(normalization, request.Normalization) };
    }

    public override async Task StreamFeatures(
        IAsyncStreamReader<StreamFeaturesRequest> requestStream, IServerStreamWriter<StreamFeaturesResponse> responseStream, ServerCallContext context)
    {
        if (!await reader.MoveNextAsync(requestStream, context) || requestStream.Current.Start is not { } start)
        {
            throw CallRefusedException.InvalidArgument("start", "must be in the first message");
        }

        var problems = new RequestProblems();
        var options = start.Options.ToOptions("start.options.", problems);
        var normalization = start.Normalization.ToNormalization(problems);
        var everyNFrames = start.HasEveryNFrames ? start.EveryNFrames : 1;
        if (everyNFrames < 1)
        {
            problems.Add("start.every_n_frames", $"must be at least 1, but was {everyNFrames}");
        }

        problems.ThrowIfAny();

        using var received = CallMemory.Of(context).OpenUpload(MemoryUse.Requests);
        using var working = CallMemory.Of(context).Open(MemoryUse.Requests);
        var upload = new HistoryUpload(limits.CurrentValue, received);
        FeatureExtractor? extractor = null;
        while (await reader.MoveNextAsync(requestStream, context))
        {
            var message = requestStream.Current;
            if (upload.Take(message.Frame, message.HasValues ? message.Values : null) is not { } frame)
            {
                continue;
            }

            working.Resize(SimulationMemory.OfFeatures(frame.RowCount, frame.ColumnCount));
            extractor ??= new FeatureExtractor(frame.RowCount, frame.ColumnCount, options);
            var isDue = upload.FrameCount % everyNFrames == 0;
            var work = await prices.AnnounceInTurnAsync(PriceOf(frame, 1, isDue ? 1 : 0), context);
            var features = await compute.ComputePartAsync(
                () => work.Measure(() =>
                {
                    extractor.Add(frame.Cells);
                    return isDue ? extractor.Extract() : null;
                }),
                context);
            upload.LetGo();
            if (features is not null)
            {
                await WriteAsync(features);
            }
        }

        upload.RequireComplete();
        if (upload.FrameCount % everyNFrames != 0)
        {
            await prices.AnnounceInTurnAsync(PriceOfVector(extractor!), context);
            await WriteAsync(await compute.ComputePartAsync(extractor!.Extract, context));
        }

        Task WriteAsync(FeatureVector features) => writer.WriteAsync(
            responseStream, new StreamFeaturesResponse { FrameCount = upload.FrameCount, Features = features.ToWire(normalization, start.Normalization) }, context);
    }

    private static Price PriceOf(Field frame, int frameCount, int vectorCount) =>
        PriceList.Features(frame.RowCount, frame.ColumnCount, frameCount, vectorCount);

    private static Price PriceOfVector(FeatureExtractor extractor) => PriceList.FeatureVectors(extractor.RowCount, extractor.ColumnCount, 1);
}
