namespace Mfn.Server.Quotas;

/// <summary>
/// Cell-steps that were taken for some work. What of them has been used when it is disposed is settled, and the rest refunded, however the work ended. One task
/// uses it at a time; it may be disposed by another.
/// </summary>
internal sealed class CellStepReservation : IDisposable
{
    private readonly QuotaLedger _ledger;
    private readonly QuotaAccount _account;
    private readonly Lock _lock = new();
    private long _reserved;
    private long _used;
    private bool _isSettled;

    internal CellStepReservation(QuotaLedger ledger, QuotaAccount account, long reserved) => (_ledger, _account, _reserved) = (ledger, account, reserved);

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

    /// <summary>Takes more for a stream, in its turn; returns how long to wait before it is used.</summary>
    public TimeSpan TakeInTurn(long cellSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cellSteps);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isSettled, this);
            var wait = _ledger.ReserveInTurn(_account, cellSteps);
            _reserved += cellSteps;
            return wait;
        }
    }

    /// <summary>Uses so much for something that a stream does next: waits until its turn has come to have it.</summary>
    public ValueTask UseInTurnAsync(long cellSteps, CancellationToken cancellationToken)
    {
        var wait = TakeInTurn(cellSteps);
        if (wait <= TimeSpan.Zero)
        {
            Use(cellSteps);
            return ValueTask.CompletedTask;
        }

        return WaitAsync();

        async ValueTask WaitAsync()
        {
            await Task.Delay(wait, _ledger.Clock, cancellationToken);
            Use(cellSteps);
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
