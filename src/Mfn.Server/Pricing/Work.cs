namespace Mfn.Server.Pricing;

/// <summary>A part of what a request computes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="CellSteps">Its price; 0 for what is not charged, but takes time.</param>
/// <param name="StatedSeconds">The time that it takes by the constants of the price list.</param>
internal readonly record struct Work(WorkKind Kind, long CellSteps, double StatedSeconds)
{
    /// <summary>Whether it is what any call takes.</summary>
    public bool IsCall => Kind.Sort == PriceList.CallSort;
}
