namespace Mfn.Core.Spectra;

/// <summary>Point defects of a field by the sign of their charge. On a periodic plane there are as many of each.</summary>
/// <param name="Positive">The sum of the positive charges, in units of the least one.</param>
/// <param name="Negative">The sum of the negative charges, as a positive number.</param>
public readonly record struct DefectCounts(int Positive, int Negative)
{
    /// <summary>All of them.</summary>
    public int Total => Positive + Negative;
}
