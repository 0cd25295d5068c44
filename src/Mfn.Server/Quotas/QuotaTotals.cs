namespace Mfn.Server.Quotas;

/// <summary>What has become of all cell-steps since the server's start: those reserved were settled or refunded, or are outstanding.</summary>
/// <param name="Reserved">Taken before the work.</param>
/// <param name="Settled">Of these, used.</param>
/// <param name="Refunded">Of these, given back.</param>
/// <param name="Outstanding">Of these, neither: the work goes on.</param>
internal readonly record struct QuotaTotals(long Reserved, long Settled, long Refunded, long Outstanding);
