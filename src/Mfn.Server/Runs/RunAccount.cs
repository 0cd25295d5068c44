using Mfn.Core.Simulation;
using Mfn.Server.Calls;
using Mfn.Server.Compute;
using Mfn.Server.Identity;
using Mfn.Server.Pricing;
using Mfn.Server.Quotas;

namespace Mfn.Server.Runs;

/// <summary>
/// What a live run takes of its owner's quotas until it is disposed: itself, its history, and its steps as it takes them. A run whose owner has no cell-steps left waits
/// until there are some; it neither fails nor ends.
/// </summary>
internal sealed class RunAccount : IDisposable
{
    private readonly QuotaAccount _owner;
    private readonly QuotaHold _run;
    private readonly QuotaHold _history;
    private readonly CellStepReservation _steps;
    private SimulationSpec? _spec;
    private long _pricePerStep;

    private RunAccount(QuotaAccount owner, ComputeScheduler scheduler)
    {
        _owner = owner;
        _run = owner.HoldRegardless(QuotaKind.LiveRuns, 0);
        _history = owner.HoldRegardless(QuotaKind.HistoryBytes, 0);
        _steps = owner.Begin();
        Queue = scheduler.QueueOfIdentity(owner.Holder);
    }

    /// <summary>Where it waits for its turns.</summary>
    public ComputeQueue Queue { get; }

    /// <summary>How long the run must wait before its next step, or before it looks again.</summary>
    public TimeSpan UntilNextStep => _steps.UntilTurn is var left && left < CellStepReservation.LongestWait ? left : CellStepReservation.LongestWait;

    /// <summary>That of a new run.</summary>
    /// <param name="owner">Who pays; disposed with this, however it comes out.</param>
    /// <param name="historyBytes">The memory for its history.</param>
    /// <param name="services">What all runs share.</param>
    /// <exception cref="CallRefusedException">The owner's quotas do not allow it.</exception>
    public static RunAccount Open(QuotaAccount owner, long historyBytes, RunServices services)
    {
        var account = new RunAccount(owner, services.Scheduler);
        try
        {
            account._run.Resize(1);
            account._history.Resize(historyBytes);
            return account;
        }
        catch
        {
            account.Dispose();
            throw;
        }
    }

    /// <summary>That of a run which was there before the server's start, whether the quotas allow it or not: it was acknowledged.</summary>
    public static RunAccount TakeUp(QuotaLedger quotas, RunOrigin origin, long historyBytes, RunServices services)
    {
        // What the owner may do elsewhere does not matter here.
        var owner = quotas.Open(new CallerIdentity(origin.Owner, origin.Tenant, Roles.None, CredentialKind.ApiKey, CredentialId: ""));
        var account = new RunAccount(owner, services.Scheduler);
        account._run.ResizeRegardless(1);
        account._history.ResizeRegardless(historyBytes);
        return account;
    }

    /// <summary>Takes what more history needs.</summary>
    /// <exception cref="CallRefusedException">The owner's quotas do not allow it.</exception>
    public void AddHistory(long byteCount) => _history.Resize(_history.Amount + byteCount);

    /// <summary>The run is about to take steps. What they cost beyond what there is, it waits for afterwards: between two steps it must answer whoever asks.</summary>
    public void TakeSteps(SimulationSpec spec, int count)
    {
        if (!ReferenceEquals(spec, _spec))
        {
            _spec = spec;
            _pricePerStep = PriceList.Steps(spec, 1).CellSteps;
        }

        var price = _pricePerStep * count;
        if (price > _steps.Left)
        {
            _steps.TakeInTurn(Math.Max(price - _steps.Left, CellStepReservation.LeastPiece));
        }

        _steps.Use(price);
    }

    public void Dispose()
    {
        _steps.Dispose();
        _history.Dispose();
        _run.Dispose();
        _owner.Dispose();
    }
}
