using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;
using Mfn.Server.Quotas;
using Mfn.Server.Translation;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Simulation;

/// <summary>Simulations that belong to one call, wait for its client and end with it.</summary>
internal sealed class SimulationService(
    SimulationRegistry simulations, ComputePlaces places, CallPrices prices, ResponseWriter writer, ServerMetrics metrics, IOptionsMonitor<LimitsOptions> limits)
    : Contracts.V1.SimulationService.SimulationServiceBase
{
    public override async Task<SimulateResponse> Simulate(SimulateRequest request, ServerCallContext context)
    {
        var order = Spans.Within(Spans.Validation, () => request.ToOrder(limits.CurrentValue));
        var work = prices.Announce(order.Price, context);
        await using var simulation = simulations.Start(order, context.CancellationToken, MemoryHolder.Of(context), QuotaAccount.Of(context).Payment.TellProgress());
        var result = await simulation.Completion;
        work.Add(simulation.ComputedTime);
        return result.ToResponse();
    }

    public override async Task StreamSimulation(
        StreamSimulationRequest request, IServerStreamWriter<StreamSimulationResponse> responseStream, ServerCallContext context)
    {
        var order = Spans.Within(Spans.Validation, () => request.ToOrder(limits.CurrentValue));
        prices.Announce(order.Price, context);
        await using var simulation = simulations.Start(order, context.CancellationToken, MemoryHolder.Of(context), QuotaAccount.Of(context).Payment.TellProgress());
        var counted = metrics.FramesOf(ServerMetrics.OwnerDelivery);
        var sequence = 0L;
        await using var frames = simulation.ReadFramesAsync(context.CancellationToken).GetAsyncEnumerator();
        var hasFrame = await writer.SendHeadersUnlessSoonAsync(frames.MoveNextAsync().AsTask(), context);
        while (hasFrame)
        {
            using (var frame = frames.Current)
            {
                var response = new StreamSimulationResponse { Sequence = sequence++, Frame = frame.ToWire() };
                var byteCount = response.CalculateSize();
                await WriteAsync(response);
                counted.Sent.Inc();
                counted.SentBytes.Inc(byteCount);
            }

            hasFrame = await frames.MoveNextAsync();
        }

        var result = await simulation.Completion;
        await WriteAsync(new StreamSimulationResponse { Sequence = sequence, Summary = result.ToWire() });

        Task WriteAsync(StreamSimulationResponse response) => writer.WriteAsync(responseStream, response, context);
    }

    public override async Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        var spec = Spans.Within(Spans.Validation, () => request.ToSpec(limits.CurrentValue));
        var work = prices.Announce(PriceList.Explanation(spec), context);

        // Of a large box there are many modes to look at.
        using var place = places.Take(MemoryHolder.Of(context));
        return await place.ComputeAsync(
            cancellationToken => work.Measure(() => spec.Explain(request.WithInitialFields, prices.Calibration, cancellationToken)), context.CancellationToken);
    }

    public override Task<EstimateCostResponse> EstimateCost(EstimateCostRequest request, ServerCallContext context) =>
        Task.FromResult(request.ToPrice(limits.CurrentValue).ToResponse(prices.Calibration));
}
