namespace Mfn.Server.Memory;

/// <summary>
/// How much of something one of many may have: the less the less is free. One that takes all it can leaves some for another, which leaves some for the next.
/// </summary>
/// <remarks>The dynamic threshold by which switches share a buffer (Choudhury and Hahne, 1998). One that is alone gets the whole share.</remarks>
/// <param name="share">What one that is alone may have of all, from 0 to 1.</param>
internal readonly struct FairShare(double share)
{
    /// <summary>The most that one may have when so much is free, its own not among it.</summary>
    public double MostOf(long free) => share >= 1 ? double.PositiveInfinity : Math.Max(0, free) * share / (1 - share);
}
