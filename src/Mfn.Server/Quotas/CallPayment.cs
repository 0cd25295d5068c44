using Mfn.Server.Calls;

namespace Mfn.Server.Quotas;

/// <summary>
/// What one call pays. A call that was answered has used what it reserved. Of one that ended otherwise that is settled which had been done: as much as the
/// work told of, or the share of the price that the time since its beginning is of the time that was predicted.
/// </summary>
internal sealed class CallPayment : IDisposable
{
    private readonly Lock _lock = new();
    private readonly QuotaLedger _ledger;
    private readonly CellStepReservation _cellSteps;
    private TimeSpan _predicted;
    private long _price;
    private long _begun;
    private bool _isToldOfProgress;

    internal CallPayment(QuotaLedger ledger, QuotaAccount account) => (_ledger, _cellSteps) = (ledger, account.Begin());

    /// <summary>Takes what some work of the call costs, before it is done.</summary>
    /// <param name="price">In cell-steps.</param>
    /// <param name="predicted">How long it is likely to take.</param>
    /// <exception cref="CallRefusedException">It is not there (yet).</exception>
    public void Reserve(long price, TimeSpan predicted)
    {
        _cellSteps.Add(price);
        Note(price, predicted);
    }

    /// <summary>Takes what some work of a stream costs: waits until its turn has come.</summary>
    /// <param name="price">In cell-steps.</param>
    /// <param name="predicted">How long it is likely to take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="CallRefusedException">It costs more than can be saved up.</exception>
    public async ValueTask ReserveInTurnAsync(long price, TimeSpan predicted, CancellationToken cancellationToken)
    {
        _cellSteps.RequirePossible(price);
        _cellSteps.TakeInTurn(price);
        await _cellSteps.WaitForTurnAsync(cancellationToken);
        Note(price, predicted);
    }

    /// <summary>The same for work that tells itself how far it has come.</summary>
    public CellStepReservation TellProgress()
    {
        _isToldOfProgress = true;
        return _cellSteps;
    }

    /// <summary>The call was answered.</summary>
    public void Complete()
    {
        _isToldOfProgress = true;
        _cellSteps.UseAll();
    }

    /// <summary>Settles.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isToldOfProgress && _price > 0)
            {
                var elapsed = _ledger.Clock.GetElapsedTime(_begun);
                var share = elapsed < _predicted ? elapsed / _predicted : 1;
                _cellSteps.Use(Math.Min(_cellSteps.Left, (long)(_price * share)));
            }
        }

        _cellSteps.Dispose();
    }

    private void Note(long price, TimeSpan predicted)
    {
        lock (_lock)
        {
            // What came before is done.
            _cellSteps.Use(_price);
            (_price, _predicted, _begun) = (price, predicted, _ledger.Clock.GetTimestamp());
        }
    }
}
