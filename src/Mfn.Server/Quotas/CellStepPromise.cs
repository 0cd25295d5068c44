namespace Mfn.Server.Quotas;

/// <summary>Cell-steps that an identity was told it can have from a time on.</summary>
/// <param name="Price">How many.</param>
/// <param name="Due">From when on.</param>
/// <param name="Lapses">When it is too late, for nobody has come for them.</param>
/// <param name="Payers">Who they were taken from.</param>
internal sealed record CellStepPromise(long Price, long Due, long Lapses, IReadOnlyList<QuotaParty> Payers);
