using Grpc.Core;
using Mfn.Server.Calls;
using Mfn.Server.Identity;
using Mfn.Server.Memory;
using Microsoft.AspNetCore.Http.Features;

namespace Mfn.Server.Quotas;

/// <summary>Who pays for something: an identity and its tenant, both of which must have what it takes. Thread-safe.</summary>
internal sealed class QuotaAccount : IDisposable
{
    private readonly QuotaLedger _ledger;
    private CallPayment? _payment;
    private int _isClosed;

    /// <summary>Only the ledger opens accounts.</summary>
    internal QuotaAccount(QuotaLedger ledger, CallerIdentity caller, QuotaParty identity, QuotaParty tenant, bool isExempt, MemoryHolder? holder)
    {
        (_ledger, Caller, Identity, Tenant) = (ledger, caller, identity, tenant);
        Parties = [identity, tenant];
        Holder = holder;
        Payers = isExempt ? [tenant] : Parties;
    }

    /// <summary>The identity.</summary>
    public CallerIdentity Caller { get; }

    /// <summary>Its name.</summary>
    public string OwnName => Caller.Name;

    /// <summary>Its tenant's name.</summary>
    public string TenantName => Caller.Tenant;

    /// <summary>What the identity has of what all share; null where all callers are one, and nobody needs to be kept from the others.</summary>
    public MemoryHolder? Holder { get; }

    /// <summary>What the call pays.</summary>
    public CallPayment Payment => _payment ??= new CallPayment(_ledger, this);

    /// <summary>What is left of the cell-steps of those who pay; none of whom nothing limits.</summary>
    public IReadOnlyList<QuotaRate> Rates => Payers.All(static party => !party.Bucket.IsLimited) ? [] : _ledger.RatesOf(this);

    internal QuotaParty Identity { get; }

    internal QuotaParty Tenant { get; }

    /// <summary>Those that have what it has.</summary>
    internal QuotaParty[] Parties { get; }

    /// <summary>Those whose quotas hold for it.</summary>
    internal QuotaParty[] Payers { get; }

    internal int RulesVersion { get; set; } = -1;

    /// <summary>Whether anything was paid.</summary>
    public bool HasPaid => _payment is not null;

    /// <summary>Who pays for a call.</summary>
    public static QuotaAccount Of(ServerCallContext call) => call.GetHttpContext().Features.GetRequiredFeature<QuotaAccount>();

    /// <summary>Takes cell-steps before the work that costs them.</summary>
    /// <exception cref="CallRefusedException">They are not there (yet).</exception>
    public CellStepReservation Reserve(long price)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(price);
        return _ledger.TryReserve(this, price) is { } refusal ? throw refusal.ToException() : new CellStepReservation(_ledger, this, price);
    }

    /// <summary>A reservation of nothing, for a stream that waits for what it needs as it goes.</summary>
    public CellStepReservation Begin() => new(_ledger, this, 0);

    /// <summary>Has so much of what is held, until it is disposed.</summary>
    /// <exception cref="CallRefusedException">It is more than the quotas allow.</exception>
    public QuotaHold Hold(QuotaKind kind, long amount = 1)
    {
        var hold = new QuotaHold(_ledger, this, kind);
        hold.Resize(amount);
        return hold;
    }

    /// <summary>Has so much of what is held, whether the quotas allow it or not: it was there before.</summary>
    public QuotaHold HoldRegardless(QuotaKind kind, long amount = 1)
    {
        var hold = new QuotaHold(_ledger, this, kind);
        hold.ResizeRegardless(amount);
        return hold;
    }

    /// <summary>How much the identity has of something.</summary>
    public long Held(QuotaKind kind) => _ledger.Held(this, kind);

    /// <summary>Another account of the same identity, for what goes on when this one is closed.</summary>
    public QuotaAccount Reopen() => _ledger.Open(Caller);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            _payment?.Dispose();
            _ledger.Close(this);
        }
    }
}
