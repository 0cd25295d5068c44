namespace Mfn.Core.Aggregation.Sorting;

/// <summary>What a <see cref="SortingStep"/> compares.</summary>
internal enum SortingStepKind
{
    /// <summary>Four rows with four others backwards, and then each four at two and at one stride.</summary>
    MergeEight,

    /// <summary>Sixteen rows at eight, four, two and one stride.</summary>
    HalveSixteen,

    /// <summary>Eight rows at four, two and one stride.</summary>
    HalveEight,

    /// <summary>Four rows at two and one stride.</summary>
    HalveFour,

    /// <summary>Two rows.</summary>
    HalveTwo,
}
