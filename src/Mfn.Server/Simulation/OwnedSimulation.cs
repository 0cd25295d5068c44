using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Mfn.Core.Simulation;
using Mfn.Core.Statistics;
using Mfn.Core.Steering;
using Mfn.Server.Compute;
using Mfn.Server.Frames;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Quotas;

namespace Mfn.Server.Simulation;

/// <summary>
/// A simulation that belongs to one call: one task owns one engine, and nobody else touches its buffers. It waits for its owner to take the frames,
/// and ends when the owner disposes it.
/// </summary>
internal sealed class OwnedSimulation : IAsyncDisposable
{
    private readonly SimulationOrder _order;
    private readonly SimulationRegistry _registry;
    private readonly ComputeQueue _queue;
    private readonly ComputePlace _place;
    private readonly MemoryReservation _memory;
    private readonly CellStepReservation? _payment;
    private readonly long _price;
    private readonly CancellationTokenSource _cancellation;
    private readonly Channel<SimulationFrame> _backlog;
    private readonly SimulationWork _work;
    private readonly Activity? _queued;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _step;
    private int _isDisposed;

    /// <summary>Only the registry starts simulations.</summary>
    internal OwnedSimulation(SimulationRegistry registry, ComputeQueue queue, ComputePlace place, MemoryReservation memory, CellStepReservation? payment, SimulationOrder order, int backlog, CancellationToken cancellationToken)
    {
        _registry = registry;
        _queue = queue;
        _place = place;
        _memory = memory;
        _payment = payment;
        _order = order;
        _price = order.Price.CellSteps;
        _work = new SimulationWork(order, registry.Calibration, registry.Clock);
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, registry.Lifetime.Drained);
        Cancelled = _cancellation.Token;
        _backlog = Channel.CreateBounded<SimulationFrame>(new BoundedChannelOptions(backlog)
        {
            FullMode = BoundedChannelFullMode.Wait,
            SingleReader = true,
            SingleWriter = true,
        });
        _queued = Spans.StartAside(Spans.Queue);
        Completion = Task.Factory.StartNew(
            ExecuteAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, queue).Unwrap();
    }

    /// <summary>Steps completed so far.</summary>
    public int Step => Volatile.Read(ref _step);

    /// <summary>The result, or why there is none: cancelled, because the owner left or the server has drained, or an error of ours.</summary>
    public Task<SimulationResult> Completion { get; }

    /// <summary>The time that it has computed; complete when it has ended.</summary>
    public TimeSpan ComputedTime => _work.Total;

    /// <summary>Completes when it has ended and holds nothing any more.</summary>
    public Task Released => _released.Task;

    /// <summary>The frames in the order of their steps, until it has ended for whatever reason.</summary>
    public IAsyncEnumerable<SimulationFrame> ReadFramesAsync(CancellationToken cancellationToken) => _backlog.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Cancelled when it is to end before its time, for whatever reason.</summary>
    public CancellationToken Cancelled { get; }

    /// <summary>Ends it, waits until it has ended, and returns the buffers of the frames that nobody took.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _cancellation.CancelAsync();
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_backlog.Reader.TryRead(out var frame))
        {
            frame.Dispose();
        }

        _queued?.Dispose();
        _cancellation.Dispose();
        _registry.Remove(this);
        _memory.Dispose();
        _place.Dispose();
        _released.SetResult();
    }

    private async Task<SimulationResult> ExecuteAsync()
    {
        Spans.End(_queued);
        try
        {
            using var simulation = _work.Beginning.Measure(() => new SteeredSimulation(_order.Spec, _order.InitialFields, _queue.Helpers));
            var engine = simulation.Engine;
            var analysis = new SimulationAnalysis(_order.Analysis, _order.Spec, _order.AnalysedSpecies, _work);
            await StepToEndAsync(engine, analysis);
            return Result(engine, analysis);
        }
        finally
        {
            _work.Tell();
            _backlog.Writer.Complete();
        }
    }

    private async Task StepToEndAsync(SimulationEngine engine, SimulationAnalysis analysis)
    {
        using var steps = Activity.Current is { } call && Spans.IsOn ? new SpanSeries(call.Context, [], _registry.Episodes, _registry.Clock) : null;
        var growthEvents = new List<GrowthEvent>();
        var clock = _registry.Clock;
        var sliceStart = clock.GetTimestamp();
        var now = sliceStart;
        BeginSteps(steps, engine.Step);
        while (engine.Step < _order.Spec.StepCount)
        {
            var stepCount = StepsUntilSomethingIsDue(engine.Step, analysis);
            if (_payment?.Prepare(PriceAt(engine.Step + stepCount), _price) is { } wait && wait > TimeSpan.Zero)
            {
                await _payment.WaitForTurnAsync(Cancelled);
                now = sliceStart = clock.GetTimestamp();
            }

            // Without frames nobody would take the growth events.
            engine.Advance(stepCount, _order.Frames is null ? null : growthEvents, Cancelled);
            _registry.Steps.Add(_order.Spec, stepCount);
            _payment?.Use(PriceAt(engine.Step) - PriceAt(engine.Step - stepCount));
            var before = now;
            now = clock.GetTimestamp();
            _work.Steps.Add(stepCount, clock.GetElapsedTime(before, now));
            if (analysis.NeedsEveryStep)
            {
                analysis.Add(engine);
                before = now;
                now = clock.GetTimestamp();
                if (analysis.FollowsFeatures)
                {
                    _work.FeatureFrames.Add(1, clock.GetElapsedTime(before, now));
                }
            }

            Volatile.Write(ref _step, engine.Step);

            if (_order.Frames is { } plan && plan.IsDue(engine.Step, _order.Spec.StepCount))
            {
                await PublishAsync(Capture(engine, analysis, plan, growthEvents));
                growthEvents = [];
                now = clock.GetTimestamp();
            }

            if (clock.GetElapsedTime(sliceStart, now) > ComputeScheduler.TimeSlice)
            {
                if (steps is { IsDue: true })
                {
                    BeginSteps(steps, engine.Step);
                }

                await Task.Yield();
                now = sliceStart = clock.GetTimestamp();
            }
        }

        NoteSteps(steps, engine.Step);
    }

    private void BeginSteps(SpanSeries? steps, int step)
    {
        NoteSteps(steps, step);
        steps?.MoveTo(Spans.Steps)?.SetTag(Spans.FirstStep, step);
    }

    private void NoteSteps(SpanSeries? steps, int step) =>
        steps?.Current?.SetTag(Spans.LastStep, step).SetTag(Spans.ComputeSeconds, _work.Total.TotalSeconds);

    /// <summary>What the steps so far have cost, with what is found out and sent of them.</summary>
    private long PriceAt(int step) => (long)((Int128)_price * step / _order.Spec.StepCount);

    private int StepsUntilSomethingIsDue(int step, SimulationAnalysis analysis)
    {
        var count = analysis.NeedsEveryStep ? 1 : Math.Min(ComputeScheduler.MaxStepsAtOnce, _order.Spec.StepCount - step);
        return _order.Frames is { } plan ? Math.Min(count, plan.EveryNSteps - (step % plan.EveryNSteps)) : count;
    }

    private async ValueTask PublishAsync(SimulationFrame frame)
    {
        try
        {
            await _backlog.Writer.WriteAsync(frame, Cancelled);
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    private SimulationFrame Capture(SimulationEngine engine, SimulationAnalysis analysis, FramePlan plan, List<GrowthEvent> growthEvents)
    {
        var facts = SimulationSummaryFacts.Of(engine);
        var findings = plan.HasAnalysis ? analysis.Find(engine) : default;
        if (plan.Encoding == CellEncoding.None)
        {
            return new SimulationFrame(engine.Step, facts, growthEvents, findings, [], buffer: null);
        }

        var buffer = _registry.Buffers.Rent(_order.Species.Length * EncodedField.ByteCount(engine.Spec.CellCount, plan.Encoding));
        return new SimulationFrame(engine.Step, facts, growthEvents, findings, Encode(engine, plan.Encoding, buffer.Memory), buffer);
    }

    private SimulationResult Result(SimulationEngine engine, SimulationAnalysis analysis)
    {
        var findings = analysis.Find(engine);
        using var span = Spans.Start(Spans.Encoding);
        var encoding = _order.ResultEncoding;

        // The answer of a unary call outlives its handler, so that its bytes are not lent but its own.
        var fields = encoding == CellEncoding.None
            ? []
            : _work.Fields.Measure(() => Encode(engine, encoding, new byte[_order.Species.Length * EncodedField.ByteCount(engine.Spec.CellCount, encoding)]));
        var start = _registry.Clock.GetTimestamp();
        var result = new SimulationResult(
            engine.Spec,
            engine.Counts,
            SimulationSummaryFacts.Of(engine),
            Mean(engine.Activator),
            Mean(engine.Inhibitor),
            findings,
            fields);
        _work.Beginning.Add(0, _registry.Clock.GetElapsedTime(start));
        return result;
    }

    private ImmutableArray<EncodedField> Encode(SimulationEngine engine, CellEncoding encoding, Memory<byte> destination)
    {
        var byteCount = EncodedField.ByteCount(engine.Spec.CellCount, encoding);
        return [.. _order.Species.Select((species, i) => EncodedField.Encode(engine, species, encoding, destination.Slice(i * byteCount, byteCount)))];
    }

    private static double? Mean(ReadOnlySpan<double> cells) => cells.IsEmpty ? null : FieldStatistics.Of(cells).Mean;
}
