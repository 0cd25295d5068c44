using Mfn.Server.Calls;
using Mfn.Server.Memory;

namespace Mfn.Server.Quotas;

/// <summary>Something that counts against a quota until it is disposed. Thread-safe.</summary>
internal sealed class QuotaHold : IBytesQuota
{
    private readonly QuotaLedger _ledger;
    private readonly QuotaAccount _account;
    private readonly QuotaKind _kind;
    private readonly Lock _lock = new();
    private long _amount;
    private bool _isDisposed;

    internal QuotaHold(QuotaLedger ledger, QuotaAccount account, QuotaKind kind) => (_ledger, _account, _kind) = (ledger, account, kind);

    /// <summary>How much.</summary>
    public long Amount => Volatile.Read(ref _amount);

    /// <summary>Makes it so much, more or less than now.</summary>
    /// <exception cref="CallRefusedException">It is more than the quotas allow; it is what it was.</exception>
    public void Resize(long amount)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (amount <= _amount)
            {
                _ledger.HoldRegardless(_account, _kind, amount - _amount);
            }
            else if (_ledger.TryHold(_account, _kind, amount - _amount) is { } refusal)
            {
                throw refusal.ToException();
            }

            _amount = amount;
        }
    }

    /// <summary>Makes it so much, whether the quotas allow it or not.</summary>
    public void ResizeRegardless(long amount)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _ledger.HoldRegardless(_account, _kind, amount - _amount);
            _amount = amount;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                _ledger.HoldRegardless(_account, _kind, -_amount);
                _amount = 0;
            }
        }
    }
}
