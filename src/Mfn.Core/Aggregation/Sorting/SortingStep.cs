namespace Mfn.Core.Aggregation.Sorting;

/// <summary>Comparisons of several rows that are made in registers.</summary>
/// <param name="Kind">Which rows, and how they are compared.</param>
/// <param name="First">The first row.</param>
/// <param name="Stride">How far apart the rows are.</param>
/// <param name="Second">The first of the second four rows, where these are elsewhere.</param>
internal readonly record struct SortingStep(SortingStepKind Kind, int First, int Stride, int Second)
{
    /// <summary>The rows that are read and written.</summary>
    public IEnumerable<int> Rows => Kind switch
    {
        SortingStepKind.MergeEight => [.. At(First, 4), .. At(Second, 4)],
        SortingStepKind.HalveSixteen => At(First, 16),
        SortingStepKind.HalveEight => At(First, 8),
        SortingStepKind.HalveFour => At(First, 4),
        _ => At(First, 2),
    };

    private IEnumerable<int> At(int row, int count)
    {
        var stride = Stride;
        return Enumerable.Range(0, count).Select(i => row + (i * stride));
    }
}
