using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Configuration;
using Mfn.Server.Frames;
using Mfn.Server.Lifetime;
using Mfn.Server.Logging;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Pricing;
using Mfn.Server.Quotas;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Simulation;

/// <summary>Starts the simulations that belong to calls, holds those under way, and ends them when the server stops.</summary>
internal sealed partial class SimulationRegistry(
    ComputePlaces places,
    MemoryAccount memory,
    IOptionsMonitor<StreamingOptions> streaming,
    EpisodeLimit episodes,
    ComputeScheduler scheduler,
    FieldBufferPool buffers,
    Calibration calibration,
    ServerMetrics metrics,
    ServerLifetime lifetime,
    TimeProvider clock,
    ILogger<SimulationRegistry> logger) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<OwnedSimulation> _active = [];

    /// <summary>The simulations under way.</summary>
    public IReadOnlyCollection<OwnedSimulation> Active
    {
        get
        {
            lock (_lock)
            {
                return [.. _active];
            }
        }
    }

    internal FieldBufferPool Buffers => buffers;

    internal EpisodeLimit Episodes => episodes;

    internal Calibration Calibration => calibration;

    internal StepMetrics Steps { get; } = metrics.StepsOf(StepWork.Simulation);

    internal ServerLifetime Lifetime => lifetime;

    internal TimeProvider Clock => clock;

    /// <summary>Starts a simulation; its owner reads the frames that the plan asks for, and disposes it.</summary>
    /// <param name="order">What to simulate, and what its owner wants of it; valid.</param>
    /// <param name="cancellationToken">Ends it between two steps.</param>
    /// <param name="holder">The call that it is for; null if it is for none.</param>
    /// <param name="payment">What its owner pays for it, from which it takes what is missing; null if it is free.</param>
    /// <exception cref="CallRefusedException">All places are taken, or there is no memory, or the server stops.</exception>
    public OwnedSimulation Start(SimulationOrder order, CancellationToken cancellationToken, MemoryHolder? holder = null, CellStepReservation? payment = null)
    {
        var place = places.Take(holder);
        var reservation = memory.Open(MemoryUse.Runs, holder);
        try
        {
            reservation.Resize(BytesFor(order));
        }
        catch
        {
            place.Dispose();
            throw;
        }

        lock (_lock)
        {
            var simulation = new OwnedSimulation(this, scheduler.QueueOf(holder), place, reservation, payment, order, streaming.CurrentValue.OwnerBacklog, cancellationToken);
            _active.Add(simulation);
            return simulation;
        }
    }

    /// <summary>Ends every simulation, so that none outlives the threads that it computes on.</summary>
    public async ValueTask DisposeAsync()
    {
        _ = places.StopAccepting();
        lifetime.EndDraining();
        foreach (var simulation in Active)
        {
            await ((Task)simulation.Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The engine, what analyses its field, the frames that wait and one on its way, and the answer.</summary>
    private long BytesFor(SimulationOrder order)
    {
        var spec = order.Spec;
        var cellCount = spec.CellCount;
        var frames = order.Frames is { Encoding: not CellEncoding.None } plan
            ? (streaming.CurrentValue.OwnerBacklog + 2L) * order.Species.Length * EncodedField.ByteCount(cellCount, plan.Encoding)
            : 0;
        var answer = order.ResultEncoding == CellEncoding.None ? 0 : (long)order.Species.Length * EncodedField.ByteCount(cellCount, order.ResultEncoding);
        var features = order.Analysis.Features is null ? 0 : SimulationMemory.OfFeatures(spec.RowCount, spec.ColumnCount);
        var pattern = order.Analysis.Pattern is null ? 0 : SimulationMemory.OfPatternFeatures(spec.RowCount, spec.ColumnCount);
        var initial = order.InitialFields.Species.IsEmpty ? 0 : SimulationMemory.OfCheckpoint(spec);
        return SimulationMemory.OfEngine(spec) + features + pattern + frames + answer + initial;
    }

    internal void Remove(OwnedSimulation simulation)
    {
        LogEnded(simulation.Completion.Status, simulation.Step);
        lock (_lock)
        {
            _active.Remove(simulation);
        }
    }

    [LoggerMessage(EventId = 1300, EventName = "SimulationEnded", Level = LogLevel.Information, Message = "Simulation ended ({Status}) after {Steps} steps")]
    [LogMeaning("A simulation that belonged to a call has ended.")]
    private partial void LogEnded(TaskStatus status, int steps);
}
