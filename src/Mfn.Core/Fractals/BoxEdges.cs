namespace Mfn.Core.Fractals;

/// <summary>Where the boxes of a mesh begin along an axis: box i at the first cell that is not before i times the side.</summary>
/// <param name="Count">The boxes.</param>
/// <param name="CellCount">The cells that so many boxes take.</param>
/// <param name="BoxCount">The boxes that take so many cells: the side is the quotient, at least 1.</param>
internal readonly record struct BoxEdges(int Count, int CellCount, int BoxCount)
{
    /// <summary>The width in cells of the narrowest boxes; the others are one cell wider.</summary>
    public int LeastWidth => CellCount / BoxCount;

    /// <summary>The first cell of a box, or the end of the last one.</summary>
    public int Start(int box) => (int)((((long)box * CellCount) + BoxCount - 1) / BoxCount);
}
