using System.Diagnostics.CodeAnalysis;
using Mfn.Server.Identity;

namespace Mfn.Server.Quotas;

/// <summary>
/// Keeps, for each identity and each tenant, what it has of what its quotas allow: cell-steps are reserved before the work, settled to what was used, and otherwise
/// refunded; the rest is held and given back. Thread-safe.
/// </summary>
/// <remarks>
/// One lock is enough: what is done under it takes well under a microsecond, and streams come by once for many steps or a frame. The framework's limiters do not
/// fit: they neither change their limits, nor count in bytes, nor answer for two parties at once.
/// </remarks>
internal sealed class QuotaLedger : IDisposable
{
    /// <summary>The longest wait at the end of which a refused call gets what it was refused: nobody keeps cell-steps for longer.</summary>
    public static readonly TimeSpan LongestPromise = TimeSpan.FromSeconds(30);

    /// <summary>How much later than told a call may come for what it was promised.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>The most promises of one identity at the same time. A call too many is told when these are met.</summary>
    public const int MostPromises = 64;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Tenant, string Name), QuotaParty> _identities = [];
    private readonly Dictionary<string, QuotaParty> _tenants = [];
    private readonly QuotaRules _rules;
    private readonly TimeProvider _clock;
    private readonly ITimer _sweep;
    private readonly long _start;
    private readonly bool _areMany;
    private long _reserved;
    private long _settled;
    private long _refunded;
    private long _outstanding;

    /// <param name="rules">What everybody may have.</param>
    /// <param name="clock">Tells the time.</param>
    /// <param name="access">Says whether there can be more than one identity.</param>
    public QuotaLedger(QuotaRules rules, TimeProvider clock, AccessRules? access = null)
    {
        (_rules, _clock, _start) = (rules, clock, clock.GetTimestamp());
        _areMany = access?.HasAuthentication == true;
        _sweep = clock.CreateTimer(_ => Sweep(), state: null, SweepInterval, SweepInterval);
    }

    /// <summary>What has become of all cell-steps.</summary>
    public QuotaTotals Totals
    {
        get
        {
            lock (_lock)
            {
                return new QuotaTotals(_reserved, _settled, _refunded, _outstanding);
            }
        }
    }

    /// <summary>How many identities and tenants it keeps something of.</summary>
    public int PartyCount
    {
        get
        {
            lock (_lock)
            {
                return _identities.Count + _tenants.Count;
            }
        }
    }

    internal TimeProvider Clock => _clock;

    // Since the ledger was made, so that differences are exact.
    private long Now => _clock.GetElapsedTime(_start).Ticks;

    /// <summary>The account of an identity, which must be disposed. Whatever it shows who it is by, an identity has one of its tenant and name.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes it.")]
    public QuotaAccount Open(CallerIdentity caller)
    {
        lock (_lock)
        {
            var now = Now;
            if (!_identities.TryGetValue((caller.Tenant, caller.Name), out var identity))
            {
                identity = new QuotaParty($"identity:{caller.Tenant}/{caller.Name}");
                _identities.Add((caller.Tenant, caller.Name), identity);
            }

            if (!_tenants.TryGetValue(caller.Tenant, out var tenant))
            {
                tenant = new QuotaParty($"tenant:{caller.Tenant}");
                _tenants.Add(caller.Tenant, tenant);
            }

            identity.UserCount++;
            tenant.UserCount++;
            var account = new QuotaAccount(this, caller, identity, tenant, _rules.Exempts(caller), _areMany ? identity.Holder : null);
            Refresh(account, now);
            return account;
        }
    }

    public void Dispose() => _sweep.Dispose();

    /// <summary>Takes cell-steps for a call, or promises them.</summary>
    internal QuotaRefusal? TryReserve(QuotaAccount account, long price)
    {
        lock (_lock)
        {
            var now = Refresh(account);
            if (FindTooLargeNow(account, price) is { } tooLarge)
            {
                return tooLarge;
            }

            if (account.Identity.Promises.Find(promise => promise.Price == price && promise.Due <= now) is { } kept)
            {
                // Taken when it was promised.
                account.Identity.Promises.Remove(kept);
                NoteReserved(price);
                return null;
            }

            var (due, later) = TimeFor(account, price, now);
            if (due > now)
            {
                return Promise(account, price, due, later, now);
            }

            Take(account.Payers, price, now);
            NoteReserved(price);
            return null;
        }
    }

    /// <summary>Why a price is more than can ever be saved up; null if it is not.</summary>
    internal QuotaRefusal? FindTooLarge(QuotaAccount account, long price)
    {
        lock (_lock)
        {
            Refresh(account);
            return FindTooLargeNow(account, price);
        }
    }

    /// <summary>Takes cell-steps for a stream that will wait for them, behind what was promised before; returns how long it must.</summary>
    /// <remarks>More than can be saved up at once takes as long as it takes: a stream cannot choose what a step costs.</remarks>
    internal TimeSpan ReserveInTurn(QuotaAccount account, long price, out CellStepTurn? turn)
    {
        lock (_lock)
        {
            var now = Refresh(account);
            var (due, _) = TimeFor(account, price, now);
            turn = due <= now ? null : new CellStepTurn([.. account.Payers.Select(payer => (payer, payer.Bucket.MarkFor(price, now)))]);
            Take(account.Payers, price, now);
            NoteReserved(price);
            return TimeSpan.FromTicks(due - now);
        }
    }

    /// <summary>How long it is until a turn has come, by what the quotas are now.</summary>
    internal TimeSpan Until(QuotaAccount account, CellStepTurn turn)
    {
        lock (_lock)
        {
            var now = Refresh(account);
            return TimeSpan.FromTicks(turn.Marks.Max(each => each.Payer.Bucket.TimeOf(each.Mark, now)) - now);
        }
    }

    /// <summary>Takes cell-steps that were used already, more than had been reserved.</summary>
    internal void ReserveRegardless(QuotaAccount account, long price)
    {
        lock (_lock)
        {
            Take(account.Payers, price, Refresh(account));
            NoteReserved(price);
        }
    }

    /// <summary>Ends reservations: so much of them was used, and so much was not.</summary>
    internal void Settle(QuotaAccount account, long used, long unused)
    {
        lock (_lock)
        {
            Return(account.Payers, unused, Now);
            _settled += used;
            _refunded += unused;
            _outstanding -= used + unused;
        }
    }

    /// <summary>Has more of what is held and given back, if the quotas allow it.</summary>
    internal QuotaRefusal? TryHold(QuotaAccount account, QuotaKind kind, long more)
    {
        lock (_lock)
        {
            Refresh(account);
            foreach (var party in account.Payers)
            {
                if (!party.MayHold(kind, more))
                {
                    return new QuotaRefusal(party.Subject, kind, party.Limits.MostHeld(kind)!.Value, more, party.Held(kind), null, IsPromise: false);
                }
            }

            Hold(account, kind, more);
            return null;
        }
    }

    /// <summary>Has more, whether the quotas allow it or not, or less.</summary>
    internal void HoldRegardless(QuotaAccount account, QuotaKind kind, long more)
    {
        lock (_lock)
        {
            Hold(account, kind, more);
        }
    }

    internal long Held(QuotaAccount account, QuotaKind kind)
    {
        lock (_lock)
        {
            return account.Identity.Held(kind);
        }
    }

    internal IReadOnlyList<QuotaRate> RatesOf(QuotaAccount account)
    {
        lock (_lock)
        {
            // Of most there are none.
            List<QuotaRate>? rates = null;
            foreach (var party in account.Payers)
            {
                if (party.Bucket.IsLimited)
                {
                    var now = Now;
                    var (burst, left) = (party.Limits.Burst, Math.Max(0, (long)party.Bucket.LevelAt(now)));
                    (rates ??= []).Add(new QuotaRate(party == account.Tenant, burst, party.Limits.BurstTime, left, TimeSpan.FromTicks(party.Bucket.TimeFor(burst, now) - now)));
                }
            }

            return rates ?? (IReadOnlyList<QuotaRate>)[];
        }
    }

    internal void Close(QuotaAccount account)
    {
        lock (_lock)
        {
            account.Identity.UserCount--;
            account.Tenant.UserCount--;
        }
    }

    private static void Hold(QuotaAccount account, QuotaKind kind, long more)
    {
        foreach (var party in account.Parties)
        {
            party.Hold(kind, more);
        }
    }

    private static QuotaRefusal? FindTooLargeNow(QuotaAccount account, long price)
    {
        foreach (var party in account.Payers)
        {
            if (price > party.Bucket.Burst)
            {
                return new QuotaRefusal(party.Subject, QuotaKind.CellSteps, party.Limits.Burst, price, 0, null, IsPromise: false);
            }
        }

        return null;
    }

    private static (long Due, QuotaParty Later) TimeFor(QuotaAccount account, long price, long now)
    {
        var (due, later) = (now, account.Tenant);
        foreach (var party in account.Payers)
        {
            if (party.Bucket.TimeFor(price, now) is var time && time > due)
            {
                (due, later) = (time, party);
            }
        }

        return (due, later);
    }

    private static void Take(IReadOnlyList<QuotaParty> payers, long price, long now)
    {
        foreach (var party in payers)
        {
            party.Bucket.Take(price, now);
        }
    }

    private static void Return(IReadOnlyList<QuotaParty> payers, long price, long now)
    {
        foreach (var party in payers)
        {
            party.Bucket.Return(price, now);
        }
    }

    private static QuotaRefusal Promise(QuotaAccount account, long price, long due, QuotaParty later, long now)
    {
        var wait = TimeSpan.FromTicks(due - now);
        var isPromise = wait <= LongestPromise && account.Identity.Promises.Count < MostPromises;
        if (isPromise)
        {
            Take(account.Payers, price, now);
            account.Identity.Promises.Add(new CellStepPromise(price, due, due + Grace.Ticks, account.Payers));
        }

        return new QuotaRefusal(later.Subject, QuotaKind.CellSteps, later.Limits.CellStepsPerSecond!.Value, price, 0, wait, isPromise);
    }

    private void NoteReserved(long price)
    {
        _reserved += price;
        _outstanding += price;
    }

    private long Refresh(QuotaAccount account)
    {
        var now = Now;
        Refresh(account, now);
        return now;
    }

    private void Refresh(QuotaAccount account, long now)
    {
        if (account.RulesVersion != _rules.Version)
        {
            account.RulesVersion = _rules.Version;
            account.Identity.Limit(_rules.OfIdentity(account.Caller.Tenant, account.Caller.Name), now);
            account.Tenant.Limit(_rules.OfTenant(account.Caller.Tenant), now);
        }

        Lapse(account.Identity, now);
    }

    /// <summary>Takes back what nobody has come for.</summary>
    private static void Lapse(QuotaParty identity, long now)
    {
        // Later promises lapse later, but for those that were made after others had lapsed.
        for (var i = identity.Promises.Count - 1; i >= 0; i--)
        {
            var promise = identity.Promises[i];
            if (promise.Lapses < now)
            {
                identity.Promises.RemoveAt(i);
                Return(promise.Payers, promise.Price, now);
            }
        }
    }

    /// <summary>Forgets those of whom nothing is left to remember.</summary>
    private void Sweep()
    {
        lock (_lock)
        {
            var now = Now;
            foreach (var (key, identity) in _identities)
            {
                Lapse(identity, now);
                if (identity.IsIdle(now))
                {
                    _identities.Remove(key);
                }
            }

            var tenants = _identities.Keys.Select(key => key.Tenant).ToHashSet();
            foreach (var (name, tenant) in _tenants)
            {
                if (!tenants.Contains(name) && tenant.IsIdle(now))
                {
                    _tenants.Remove(name);
                }
            }
        }
    }
}
