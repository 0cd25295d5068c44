using Mfn.Server.Calls;

namespace Mfn.Server.Quotas;

/// <summary>
/// Cell-steps that were taken for some work. What of them has been used when it is disposed is settled, and the rest refunded, however the work ended. One task
/// uses it at a time; it may be disposed by another.
/// </summary>
internal sealed class CellStepReservation : IDisposable
{
    /// <summary>Less is not asked for at a time: it would cost more to ask than to compute.</summary>
    public const long LeastPiece = 65536;

    private readonly QuotaLedger _ledger;
    private readonly QuotaAccount _account;
    private readonly Lock _lock = new();
    private long _reserved;
    private long _used;
    private bool _isSettled;
    private CellStepTurn? _turn;

    internal CellStepReservation(QuotaLedger ledger, QuotaAccount account, long reserved) => (_ledger, _account, _reserved) = (ledger, account, reserved);

    /// <summary>The longest time after which somebody who waits for a turn should look again: a raised quota lets it in.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>How long it is until the last that was taken in turn may be used, by what the quotas are now.</summary>
    public TimeSpan UntilTurn
    {
        get
        {
            if (Volatile.Read(ref _turn) is not { } turn)
            {
                return TimeSpan.Zero;
            }

            var left = _ledger.Until(_account, turn);
            if (left <= TimeSpan.Zero)
            {
                Interlocked.CompareExchange(ref _turn, null, turn);
            }

            return left;
        }
    }

    /// <summary>What is taken.</summary>
    public long Reserved
    {
        get
        {
            lock (_lock)
            {
                return _reserved;
            }
        }
    }

    /// <summary>What of it was used.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
            {
                return _used;
            }
        }
    }

    /// <summary>What is taken and not used.</summary>
    public long Left
    {
        get
        {
            lock (_lock)
            {
                return _reserved - _used;
            }
        }
    }

    /// <summary>The work has used some more; beyond what was reserved, that is taken now.</summary>
    public void Use(long cellSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cellSteps);
        lock (_lock)
        {
            if (_isSettled)
            {
                return;
            }

            _used += cellSteps;
            if (_used > _reserved)
            {
                _ledger.ReserveRegardless(_account, _used - _reserved);
                _reserved = _used;
            }
        }
    }

    /// <summary>The work is done, and has used what it was to use.</summary>
    public void UseAll() => Use(Left);

    /// <summary>Takes more before it is used.</summary>
    /// <exception cref="CallRefusedException">It is not there (yet).</exception>
    public void Add(long cellSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cellSteps);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isSettled, this);
            if (_ledger.TryReserve(_account, cellSteps) is { } refusal)
            {
                throw refusal.ToException();
            }

            _reserved += cellSteps;
        }
    }

    /// <summary>Refuses what can never be there at once.</summary>
    /// <exception cref="CallRefusedException">It costs more than can be saved up.</exception>
    public void RequirePossible(long cellSteps)
    {
        if (_ledger.FindTooLarge(_account, cellSteps) is { } refusal)
        {
            throw refusal.ToException();
        }
    }

    /// <summary>
    /// Sees to it that so much has been taken since the beginning, a piece at a time, for work that goes on step by step; returns how long to wait before it is used.
    /// </summary>
    /// <param name="total">How much.</param>
    /// <param name="mostEver">How much there will ever be.</param>
    public TimeSpan Prepare(long total, long mostEver)
    {
        lock (_lock)
        {
            var missing = total - _reserved;
            return missing <= 0 ? TimeSpan.Zero : TakeInTurn(Math.Max(missing, Math.Min(LeastPiece, mostEver - _reserved)));
        }
    }

    /// <summary>Takes more for a stream, in its turn; returns how long to wait before it is used.</summary>
    public TimeSpan TakeInTurn(long cellSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cellSteps);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isSettled, this);
            var wait = _ledger.ReserveInTurn(_account, cellSteps, out var turn);
            Volatile.Write(ref _turn, turn);
            _reserved += cellSteps;
            return wait;
        }
    }

    /// <summary>Waits until the last that was taken in turn may be used.</summary>
    public async ValueTask WaitForTurnAsync(CancellationToken cancellationToken)
    {
        while (UntilTurn is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left < LongestWait ? left : LongestWait, _ledger.Clock, cancellationToken);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isSettled)
            {
                _isSettled = true;
                _ledger.Settle(_account, _used, _reserved - _used);
            }
        }
    }
}
