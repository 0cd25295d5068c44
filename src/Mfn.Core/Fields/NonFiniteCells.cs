namespace Mfn.Core.Fields;

/// <summary>How many cells of a field are not numbers.</summary>
/// <param name="NanCount">Cells that are NaN.</param>
/// <param name="InfinityCount">Cells that are infinite.</param>
public readonly record struct NonFiniteCells(int NanCount, int InfinityCount)
{
    /// <summary>Whether all cells are finite.</summary>
    public bool IsNone => NanCount == 0 && InfinityCount == 0;

    /// <summary>Counts them.</summary>
    public static NonFiniteCells In(ReadOnlySpan<double> cells)
    {
        var nanCount = 0;
        var infinityCount = 0;
        foreach (var cell in cells)
        {
            nanCount += double.IsNaN(cell) ? 1 : 0;
            infinityCount += double.IsInfinity(cell) ? 1 : 0;
        }

        return new NonFiniteCells(nanCount, infinityCount);
    }

    public override string ToString() => $"{NanCount} NaN and {InfinityCount} infinite cells";
}
