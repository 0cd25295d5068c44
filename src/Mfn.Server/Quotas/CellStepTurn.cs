namespace Mfn.Server.Quotas;

/// <summary>When cell-steps that were taken for a stream may be used: what must have flowed to each of its payers by then.</summary>
/// <param name="Marks">A mark of each payer's bucket.</param>
internal sealed record CellStepTurn(IReadOnlyList<(QuotaParty Payer, double Mark)> Marks);
